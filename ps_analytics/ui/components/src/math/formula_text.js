// The text of a formula in the browser: its tokens for colouring, the word at the caret, and places in it. What is right
// or wrong is Python's to say.

const PATTERNS = [
  ["comment", /(?:\/\/|#)[^\n]*/y],
  ["quoted", /'[^'\n]*'?|"[^"\n]*"?/y],
  ["unit", /\[[^\]\n]*\]?/y],
  ["number", /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y],
  ["word", /[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*|\.)?/y],
  ["space", /\s+/y],
  ["operator", /[-+*/%^<>=!?:&|,()]+?/y],
  ["other", /[^]/uy],
]
const KEYWORDS = new Set(["and", "or", "not", "mod"])
const CONSTANTS = new Set(["pi", "e", "true", "false"])

// The tokens of a text, none left out: {kind, from, to}; kinds as above, a word is name, function, keyword, constant,
// setup or option.
export function tokensOf(text) {
  const tokens = []
  for (let at = 0; at < text.length; ) {
    for (const [kind, pattern] of PATTERNS) {
      pattern.lastIndex = at
      const found = pattern.exec(text)
      if (!found) continue
      const to = at + found[0].length
      tokens.push({kind: kind === "word" ? wordKind(found[0], text.slice(to)) : kind, from: at, to})
      at = to
      break
    }
  }
  return tokens
}

function wordKind(word, rest) {
  const lower = word.toLowerCase()
  if (lower.startsWith("setup.")) return "setup"
  if (KEYWORDS.has(lower)) return "keyword"
  if (/^\s*\(/.test(rest)) return "function"
  if (/^\s*=(?!=)/.test(rest)) return "option"
  return CONSTANTS.has(lower) ? "constant" : "name"
}

// Characters nobody sees, those that turn the writing direction among them: each is shown by itself.
export function hiddenIn(text) {
  const found = text.matchAll(/[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g)
  return Array.from(found, ({index}) => ({from: index, to: index + 1}))
}

// What is being written at the caret: {kind: "unit" or "name", from, to, text}; null inside comments and numbers.
// `wider` is the same with the word before it: names of two words may be typed without their quotes.
export function wordAt(text, caret) {
  const tokens = tokensOf(text)
  const i = tokens.findIndex(({from, to}) => from < caret && caret <= to)
  const token = tokens[i]
  if (!token || token.kind === "space" || token.kind === "operator") return {kind: "name", from: caret, to: caret, text: ""}
  const {kind, from, to} = token
  if (kind === "unit") {
    const closed = text[to - 1] === "]" && to - from > 1
    if (closed && caret === to) return {kind: "name", from: caret, to: caret, text: ""}
    return {kind: "unit", from: from + 1, to: closed ? to - 1 : to, text: text.slice(from + 1, caret)}
  }
  if (kind === "quoted") {
    const closed = to - from > 1 && text[to - 1] === text[from]
    if (closed && caret === to) return null
    return {kind: "name", from, to, text: text.slice(from + 1, caret)}
  }
  if (kind === "comment" || kind === "number" || kind === "other") return null
  const word = {kind: "name", from, to, text: text.slice(from, caret)}
  const [space, before] = [tokens[i - 1], tokens[i - 2]]
  if (space?.kind === "space" && before?.kind === "name" && text.slice(space.from, space.to) === " ") {
    word.wider = {kind: "name", from: before.from, to, text: text.slice(before.from, caret)}
  }
  return word
}

// The name of the function whose arguments the caret is among, in lower case; "" if it is in none.
export function callAt(text, caret) {
  let depth = 0
  const tokens = tokensOf(text)
  for (let i = tokens.length - 1; i >= 0; i--) {
    const {kind, from, to} = tokens[i]
    if (from >= caret) continue
    if (kind === "function" && (caret <= to || depth < 0)) return text.slice(from, to).toLowerCase()
    if (kind !== "operator") continue
    if (text[from] === ")" && to <= caret) depth += 1
    if (text[from] === "(") depth -= 1
    if (depth < 0 && tokens[i - 1]?.kind !== "function") depth = 0
  }
  return ""
}

// Python counts characters, JavaScript halves of some: the place of the n-th character.
export function placeOf(text, characters) {
  if (!/[\ud800-\udfff]/.test(text)) return Math.min(characters, text.length)
  let place = 0
  for (const char of text) {
    if (characters-- <= 0) break
    place += char.length
  }
  return place
}
