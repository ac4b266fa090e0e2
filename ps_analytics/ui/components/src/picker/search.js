// Finds channels, and commands, by what one types: the same rule as Python's `channel_search.py`, held to the same cases.
const LEAST_LETTERS = 4 // a shorter word is not looked for with a letter wrong: it would be found everywhere

// How a word of a query is found, the best first.
const [WHOLE, BEGINS, BEGINS_ELSEWHERE, PIECES, PIECES_ELSEWHERE, MISTYPED, MISTYPED_ELSEWHERE] = [0, 1, 2, 3, 4, 5, 6]

// The words of a text, in lower case; a capital or a number within one begins another.
export function wordsOf(text) {
  return text.replace(/([a-z])([A-Z0-9])/g, "$1 $2").toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
}

// What is found of {label, also}, the best first; a query without a word finds all.
export function searchAmong(query, items) {
  const words = wordsOf(query)
  if (!words.length) return [...items]
  const found = items.map((item) => ({item, rank: rankOf(words, item)})).filter(({rank}) => rank)
  return found.sort((one, other) => compare(one.rank, other.rank)).map(({item}) => item)
}

function compare(one, other) {
  const at = one.findIndex((part, i) => part !== other[i])
  return at < 0 ? 0 : one[at] - other[at]
}

const known = new WeakMap() // the words of what is searched, which stay while one types

function textsOf(item) {
  if (!known.has(item)) known.set(item, {label: wordsOf(item.label), also: (item.also ?? []).map(wordsOf)})
  return known.get(item)
}

// How well something is found: called exactly so, the sum over the words, whether its label begins so, its length.
function rankOf(query, item) {
  const {label, also} = textsOf(item)
  let sum = 0
  for (const word of query) {
    const cost = costOf(word, label, also)
    if (cost === null) return null
    sum += cost
  }
  const same = (text) => text.length === query.length && text.every((word, i) => word === query[i])
  return [[label, ...also].some(same) ? 0 : 1, sum, label[0]?.startsWith(query[0]) ? 0 : 1, label.length]
}

function costOf(word, label, also) {
  const begins = (other) => other.startsWith(word)
  const nearly = (other) => isNearly(word, other)
  if (label.includes(word)) return WHOLE
  if (label.some(begins)) return BEGINS
  if (also.some((text) => text.some(begins))) return BEGINS_ELSEWHERE
  if (isMadeOf(word, label)) return PIECES
  if (also.some((text) => isMadeOf(word, text))) return PIECES_ELSEWHERE
  if (label.some(nearly)) return MISTYPED
  return also.some((text) => text.some(nearly)) ? MISTYPED_ELSEWHERE : null
}

// Whether a word is put together of beginnings of some of the words, in their order.
function isMadeOf(word, words, from = 0) {
  if (!word) return true
  for (let place = from; place < words.length; place += 1) {
    const other = words[place]
    for (let length = 0; length < Math.min(word.length, other.length) && word[length] === other[length]; length += 1) {
      if (isMadeOf(word.slice(length + 1), words, place + 1)) return true
    }
  }
  return false
}

// Whether a word is the beginning of another but for one letter: wrong, missing, too many, or two exchanged.
function isNearly(word, other) {
  if (word.length < LEAST_LETTERS) return false
  let at = 0
  while (at < Math.min(word.length, other.length) && word[at] === other[at]) at += 1
  const [rest, its] = [word.slice(at), other.slice(at)]
  const swapped = rest.length > 1 ? rest[1] + rest[0] + rest.slice(2) : rest
  return [rest.slice(1), swapped].some((part) => its.startsWith(part)) || [rest.slice(1), rest].some((part) => its.slice(1).startsWith(part))
}
