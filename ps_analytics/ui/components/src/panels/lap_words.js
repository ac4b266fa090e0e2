// What a lap is, in words, and the choice of another word for it: the user's, above the source's, which is kept.
export const KINDS = {timed: "timed", standing: "standing start", out: "out lap", in: "in lap", pit: "through the pits", partial: "incomplete", running: "being driven"}

export const WORDS = {
  counts: {text: "counts", kind: "timed", valid: true},
  not: {text: "does not count", kind: null, valid: false},
  out: {text: "out lap", kind: "out", valid: null},
  in: {text: "in lap", kind: "in", valid: null},
  pit: {text: "through the pits", kind: "pit", valid: null},
  standing: {text: "standing start", kind: "standing", valid: null},
  found: {text: "as its source says", kind: null, valid: null},
}

export function wordOf(lap) {
  if (!lap.valid && ["timed", "standing"].includes(lap.kind)) return "does not count"
  return lap.kind === "timed" && lap.counts ? "counts" : KINDS[lap.kind] ?? lap.kind
}

// Whether the user may say it: of a lap of his own that is over.
export function mayOverride({kind, readonly}) {
  return kind !== "running" && !readonly
}

export function override(bus, lap, word) {
  const {kind, valid} = WORDS[word]
  bus.ask({op: "override", lap, kind, valid})
}

// The rows of a menu with the words there are.
export function overrideRows(bus, lap) {
  const now = wordOf(lap)
  const row = (word) => ({label: WORDS[word].text, checked: WORDS[word].text === now, run: () => override(bus, lap.id, word)})
  const {found, ...others} = WORDS
  return [...Object.keys(others).map(row), null, {label: found.text, run: () => override(bus, lap.id, "found")}]
}
