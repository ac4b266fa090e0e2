// What changes a layout goes through here: Python does it, and what a sentence offered to undo is no longer the last thing
// that was done.

export function edit(bus, command, given = {}) {
  tell(bus, null)
  bus.ask({op: "layout", do: command, ...given})
}

// Says something at the foot of the panels for a while: {text, undo?, alarm?}; null takes it away.
export function tell(bus, said) {
  if (!said && !bus.saying) return
  bus.saying = said
  bus.announce("saying")
}

// Python's errors begin in small letters, for in a terminal they stand behind a name.
export function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

// Asks for another edit and offers to take it back.
export function editWithUndo(bus, text, command, given) {
  edit(bus, command, given)
  tell(bus, {text, undo: () => edit(bus, "undo_edit")})
}

// The kinds of panels there are, by name.
export function kindsOf(bus) {
  return new Map((bus.kinds ?? []).map((kind) => [kind.name, kind]))
}
