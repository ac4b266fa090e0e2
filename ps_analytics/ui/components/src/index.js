// What Panel finds in the bundle: one entry a component class, by its Python name.
import {Grid} from "./grid/grid.js"
import {MathPanel} from "./math/math_panel.js"
import {PageBus} from "./page/page_bus.js"
import {SessionPicker} from "./page/picker.js"
import {Chart} from "./panels/chart.js"

export default {Chart, Grid, MathPanel, PageBus, SessionPicker}
