// What is offered while typing: quick replies after a slash, members after an @ in a note.

import { ask } from "./app.js"

const list = () => document.querySelector("#options")
const KINDS = [
  { mode: "message", before: /(?:^|\s)\/([\p{L}\p{N}_-]*)$/u, url: () => list().dataset.replies },
  { mode: "note", before: /(?:^|\s)@([\p{L}\p{N}_. -]{0,30})$/u, url: () => document.querySelector("#inbox").dataset.mentions },
]

let known = new Map() // url: markup
let trigger = null // {area, from, word}

/** Another conversation: its variables mean something else. */
export function begin() {
  known = new Map()
  close()
}

/** Offer what fits to the word before the cursor, or nothing. */
export async function look(area, mode) {
  const until = area.selectionStart
  const found = KINDS.filter((kind) => kind.mode === mode).map((kind) => [kind, area.value.slice(0, until).match(kind.before)]).find(([, match]) => match)
  if (!found) return close()
  const [kind, match] = found
  trigger = { area, from: until - match[1].length - 1, word: match[1].toLowerCase() }
  const url = kind.url()
  if (!known.has(url)) {
    known.set(url, "")
    const answer = await ask(url).catch(() => null)
    if (!answer) return known.delete(url) // the next letter asks again
    known.set(url, await answer.text())
    if (trigger) look(area, mode)
    return
  }
  if (!known.get(url)) return
  if (list().dataset.from !== url) {
    list().innerHTML = known.get(url) // made by our own templates
    list().dataset.from = url
  }
  narrow()
}

const choices = () => [...list().querySelectorAll("[data-text]:not([hidden])")]

function narrow() {
  const fits = (option) => option.dataset.begin.toLowerCase().startsWith(trigger.word) || (trigger.word.length > 1 && option.dataset.find.toLowerCase().includes(trigger.word))
  for (const option of list().querySelectorAll("[data-text]")) option.hidden = !fits(option)
  const none = !choices().length
  list().querySelector(".none").hidden = !none
  if (none && trigger.word.length > 12) return close()
  list().hidden = false
  choose(choices()[0])
}

function choose(option) {
  for (const other of list().querySelectorAll("[aria-selected]")) other.removeAttribute("aria-selected")
  option?.setAttribute("aria-selected", "true")
  option?.scrollIntoView({ block: "nearest" })
  if (option) trigger.area.setAttribute("aria-activedescendant", option.id)
  else trigger.area.removeAttribute("aria-activedescendant")
}

function close() {
  trigger?.area.removeAttribute("aria-activedescendant")
  trigger = null
  if (list()) list().hidden = true
}

/** A key in the box; true when it was meant for the list. */
export function key(event) {
  if (!trigger || !list() || list().hidden) return false
  const all = choices()
  const at = all.findIndex((option) => option.ariaSelected === "true")
  if (event.key === "Escape") close()
  else if (all.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) choose(all[(at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length])
  else if (all.length && (event.key === "Enter" || event.key === "Tab") && !event.shiftKey) take(all[at])
  else return false
  event.preventDefault()
  return true
}

function take(option) {
  const { area, from } = trigger
  const { text } = option.dataset
  close()
  area.setRangeText(text, from, area.selectionStart, "end")
  const missing = text.match(/\{\{\s*\w+\s*\}\}/)
  if (missing) area.setSelectionRange(from + missing.index, from + missing.index + missing[0].length)
  area.dispatchEvent(new Event("input", { bubbles: true }))
  area.focus()
}

document.addEventListener("mousedown", (event) => {
  const option = event.target.closest?.("#options [data-text]")
  if (!option) return
  event.preventDefault() // the box keeps the focus
  take(option)
})
document.addEventListener("focusout", (event) => {
  if (event.target.id === "composer-text" && !event.relatedTarget?.closest?.("#options")) close()
})
