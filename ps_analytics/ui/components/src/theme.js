// Colours, type and the style sheet every component of ours shares.
import inter from "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2"
import mono from "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2"
import uplotStyle from "uplot/dist/uPlot.min.css"
import gridStyle from "./grid/grid.css"
import mathStyle from "./math/math.css"
import menuStyle from "./menu.css"
import browserStyle from "./page/lap_browser.css"
import layoutStyle from "./page/layouts.css"
import pageStyle from "./page/page.css"
import sharingStyle from "./page/sharing.css"
import cornerStyle from "./panels/corners.css"
import gaugeStyle from "./panels/gauges.css"
import lapStyle from "./panels/laps.css"
import mapStyle from "./panels/map.css"
import noteStyle from "./panels/notes.css"
import panelStyle from "./panels/panel.css"
import tableStyle from "./panels/table.css"
import traceStyle from "./panels/traces.css"
import videoStyle from "./panels/video.css"
import pickerStyle from "./picker/picker.css"
import baseStyle from "./style.css"

const STYLES = [
  uplotStyle, baseStyle, menuStyle, pageStyle, layoutStyle, gridStyle, panelStyle, traceStyle, mapStyle, lapStyle,
  cornerStyle, gaugeStyle, tableStyle, noteStyle, videoStyle, mathStyle, pickerStyle, browserStyle,
  sharingStyle,
]

export const SANS = '"Inter", system-ui, sans-serif'
export const MONO = '"JetBrains Mono", ui-monospace, monospace'

// Dark to bright in even steps of lightness, so that it reads without telling hues apart.
const SCALE = [[52, 70, 160], [38, 124, 190], [45, 174, 172], [140, 212, 100], [255, 230, 96]]

// On a light ground the laps' colours need more weight; the hues stay.
const INKS = {
  "#4cc2ff": "#0a7fc2", "#ff9d42": "#c25e00", "#7ee787": "#1a8a3a", "#ff7eb6": "#c42a77", "#c4a7ff": "#7a4fd0", "#f2cc60": "#8a6a00",
}

export const PALETTE = Object.keys(INKS) // colour-blind-safe: those of laps, and of channels that lie over each other
const DARKER = 0.6 // what is left of another colour's light on a light ground

let sheet
let fonts

// The colour of a lap or a channel as the theme in force writes it. The topic `style` says that this has changed.
export function ink(color) {
  return document.documentElement.dataset.theme === "light" ? (INKS[color] ?? darker(color)) : color
}

function darker(color) {
  if (!/^#[0-9a-f]{6}$/i.test(color)) return color
  const parts = [1, 3, 5].map((i) => Math.round(parseInt(color.slice(i, i + 2), 16) * DARKER))
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`
}

// A @font-face inside a shadow root does nothing: faces belong to the document.
export function loadFonts() {
  fonts ??= Promise.all(
    [["Inter", inter], ["JetBrains Mono", mono]].map(async ([family, bytes]) => {
      const face = new FontFace(family, bytes, {weight: "100 900"})
      document.fonts.add(await face.load())
    }),
  )
  return fonts
}

export function dress(node) {
  if (!sheet) {
    sheet = new CSSStyleSheet()
    sheet.replaceSync(STYLES.join("\n"))
  }
  const root = node.getRootNode()
  if (root.adoptedStyleSheets && !root.adoptedStyleSheets.includes(sheet)) {
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
  }
}

// The tokens in force at a node, for canvases, which no style sheet reaches.
export function tokens(node) {
  const style = getComputedStyle(node)
  const read = (name) => style.getPropertyValue(`--${name}`).trim()
  return {
    text: read("text"), dim: read("dim"), faint: read("faint"), line: read("line"), grid: read("grid"),
    zero: read("zero"), panel: read("panel"), track: read("track"), cursor: read("cursor"), span: read("span"),
    gain: read("gain"), loss: read("loss"), edge: read("edge"),
  }
}

// The colour of a share of 0…1.
export function heat(share) {
  const place = Math.min(Math.max(share, 0), 1) * (SCALE.length - 1)
  const low = Math.min(Math.floor(place), SCALE.length - 2)
  const mix = SCALE[low].map((value, i) => Math.round(value + (SCALE[low + 1][i] - value) * (place - low)))
  return `rgb(${mix.join(" ")})`
}

export const HEAT_CSS = `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map(heat).join(", ")})`
