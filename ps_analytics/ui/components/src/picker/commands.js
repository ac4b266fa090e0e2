// What the palette offers: {title, group, run, keys?, also?, quiet?}. `also` finds it by other words; what is `quiet` is
// there for whoever types it, and not before. Who has commands of his own offers them.
import {SYSTEMS, setUnits} from "./units_switch.js"
import {toggleOn} from "./shown.js"
import {menuRows} from "../grid/actions.js"
import {edit} from "../grid/edits.js"
import {KEYS} from "../grid/keys.js"
import {kindRows} from "../grid/kind_list.js"
import {lapTime} from "../numbers.js"

const AXES = [["distance", "Distance"], ["position", "Position"], ["time", "Time"]]

// Adds a list of commands, made anew by `list(grid, cell)` whenever the palette opens; gives what takes it away.
export function offer(bus, list) {
  bus.commands ??= new Set()
  bus.commands.add(list)
  return () => bus.commands.delete(list)
}

// All there is to do, for the panel that was pointed at when the palette was asked for.
export function commandsFor(grid, cell) {
  const lists = [ofPanel, ofKeys, ofSheets, ofLayouts, ofPage, ofLaps, ofCorners, ofSessions, ofChannels, ...(grid.bus.commands ?? [])]
  return lists.flatMap((list) => list(grid, cell))
}

function ofKeys(grid, cell) {
  const {bus} = grid
  return KEYS.filter(({title}) => title).map(({title, group, shown, keys, also, run}) => (
    {title, group, keys: shown?.split(" ")[0] ?? keys[0], also, run: () => run({bus, grid, cell, event: {}})}))
}

// What the menu of the panel has.
function ofPanel(grid, cell) {
  if (!cell) return []
  const group = `Panel: ${cell.title}`
  return menuRows(cell).filter(Boolean).flatMap(({label, choices, keys, run}) => (choices
    ? choices.map(([value, text, about]) => ({title: `${label}: ${text}`, group, also: about ? [about] : [], quiet: true, run: () => run(value)}))
    : [{title: label, group, keys, run}]))
}

function ofSheets(grid) {
  const {bus, sheet: now, sheets} = grid
  const all = bus.layout?.document.layout.sheets ?? []
  const show = ({id, title}, i) => ({title: `Show sheet ${title}`, group: "Worksheets", keys: i < 9 ? `Alt-${i + 1}` : "", run: () => sheets.open(id)})
  return [
    ...all.filter(({id}) => id !== now?.id).map(show),
    {title: "Add a worksheet", group: "Worksheets", run: () => sheets.addSheet()},
    ...kindRows(grid).map(({label, run}) => ({title: `Add panel: ${label}`, group: "Worksheets", run})),
    ...AXES.filter(([axis]) => axis !== now?.xAxis).map(([axis, text]) => (
      {title: `X axis: ${text}`, group: "Worksheets", run: () => edit(bus, "set_x_axis", {sheet: now.id, axis})})),
  ]
}

function ofLayouts({bus}) {
  const {entries = [], id: now, modified} = bus.layout ?? {}
  const open = ({id, name, about}) => ({title: `Open layout ${name}`, group: "Layouts", also: about ? [about] : [], run: () => edit(bus, "open", {id})})
  const revert = {title: "Revert the layout", group: "Layouts", run: () => edit(bus, "revert")}
  return [...entries.filter(({id}) => id !== now).map(open), ...(modified ? [revert] : [])]
}

function ofPage({bus}) {
  const units = SYSTEMS.filter(([system]) => system !== bus.units)
  const theme = globalThis.changeTheme && {title: "Light or dark theme", group: "Page", also: ["Colours", "Theme: dark, light"], run: () => globalThis.changeTheme()}
  return [
    ...units.map(([system, text]) => ({title: `${text} units`, group: "Page", also: ["Units: km/h, mph, °C, °F"], run: () => setUnits(bus, system)})),
    ...(theme ? [theme] : []),
  ]
}

function ofLaps({bus}) {
  const {laps, ideal} = bus.lapList
  const rows = laps.map(({id, number, guest, home, chosen, reference, time_s}) => ({id, chosen, reference, name: `lap ${number}${guest ? ` of ${home}` : ""}`, group: `Laps, ${lapTime(time_s)}`}))
  if (ideal.state) rows.push({id: "ideal", name: "the ideal lap", chosen: ideal.chosen, reference: ideal.reference, group: "Laps"})
  return rows.flatMap(({id, name, group, chosen, reference}) => [
    {title: `${chosen ? "Hide" : "Show"} ${name}`, group, quiet: true, run: () => bus.ask({op: "toggle", lap: id})},
    ...(reference ? [] : [{title: `Reference ${name}`, group, also: ["Compare with"], quiet: true, run: () => bus.ask({op: "reference", lap: id})}]),
  ])
}

function ofCorners({bus}) {
  return bus.corners.corners.map((corner) => (
    {title: `Go to ${corner.name}`, group: "Corners", also: [`Corner ${corner.number}`, `T${corner.number}`], quiet: true, run: () => bus.showCorner(corner)}))
}

function ofSessions({bus}) {
  const {sessions, session, events, event} = bus.choices
  return [
    ...sessions.filter(({id}) => id !== session).map(({id, name, about}) => (
      {title: `Open session ${name}`, group: about || "Sessions", quiet: true, run: () => bus.ask({op: "session", session: id})})),
    ...events.filter(({id}) => id !== event).map(({id, name}) => (
      {title: `Sessions of ${name}`, group: "Events", quiet: true, run: () => bus.ask({op: "event", event: id})})),
  ]
}

// On the panel that was pointed at, if it draws channels; else on one of its own.
function ofChannels(grid, cell) {
  const {bus} = grid
  const here = cell?.kind === "traces" ? cell : null
  const plot = (name) => (here ? toggleOn(bus, here.config, name) : grid.picker.addPanel(name))
  const there = (bus.offered?.rows ?? []).filter(({name, missing}) => !missing && !here?.config.channels.includes(name))
  return there.map(({name, label, also, group}) => (
    {title: `Plot ${label}`, group: here ? `${group}, on ${here.title}` : `${group}, on a new panel`, also: also.map((text) => `Plot ${text}`), quiet: true, run: () => plot(name)}))
}
