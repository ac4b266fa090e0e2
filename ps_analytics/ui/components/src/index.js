// What Panel finds in the bundle: one entry a component class, by its Python name.
import {CornerTable} from "./corner_table.js"
import {Grid} from "./grid.js"
import {LapList} from "./lap_list.js"
import {MathPanel} from "./math_panel.js"
import {PageBus} from "./page_bus.js"
import {SessionPicker} from "./picker.js"
import {Traces} from "./traces.js"
import {TrackMap} from "./track_map.js"

export default {CornerTable, Grid, LapList, MathPanel, PageBus, SessionPicker, Traces, TrackMap}
