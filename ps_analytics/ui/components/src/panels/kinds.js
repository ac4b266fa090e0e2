// The kinds of panel the browser draws itself, by their name in a layout. Each is made with the page's bus and its config,
// is given another config by `update`, has a `frame` and is let go of by `destroy`.
import {CornerPanel} from "./corner_table.js"
import {LapPanel} from "./lap_list.js"
import {TracePanel} from "./traces.js"
import {MapPanel} from "./track_map.js"

export const KINDS = {corners: CornerPanel, laps: LapPanel, map: MapPanel, traces: TracePanel}
