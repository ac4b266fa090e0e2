// The kinds of panel the browser draws itself, by their name in a layout. Each is made with the page's bus and its config,
// is given another config by `update`, has a `frame` and is let go of by `destroy`.
import {CornerPanel} from "./corner_table.js"
import {GaugePanel} from "./gauges.js"
import {LapPanel} from "./lap_list.js"
import {LapTablePanel} from "./lap_table.js"
import {NotesPanel} from "./notes.js"
import {ReportPanel} from "./report.js"
import {TracePanel} from "./traces.js"
import {MapPanel} from "./track_map.js"
import {VideoPanel} from "./video.js"

export const KINDS = {
  corners: CornerPanel, gauges: GaugePanel, lap_table: LapTablePanel, laps: LapPanel, map: MapPanel, notes: NotesPanel, report: ReportPanel,
  traces: TracePanel, video: VideoPanel,
}
