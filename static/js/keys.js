// Every key of the page, in one table. The table handles the keys, draws the list behind "?", and feeds the palette.

import { element, gettext } from "./app.js"

/** {keys, words, run, group, when, typing, palette}: see `shortcut`. */
const table = []
const TYPING = "input:not([type=radio], [type=checkbox], [type=range], [type=file], [type=submit], [type=button]), textarea, select, [contenteditable]"
const OVERLAY = "dialog, [popover]"
const mac = /Mac|iPhone|iPad/.test(navigator.platform)
const SHOWN = { mod: mac ? "⌘" : "Ctrl", alt: mac ? "⌥" : "Alt", arrowup: "↑", arrowdown: "↓", escape: "Esc", enter: "Enter", shift: "Shift" }

/**
 * Give keys something to do. `keys`: "e", "?", "mod+k", "shift+enter", "arrowdown" …, any of which does it; `words`: what
 * it does, as the list and the palette show it; `run(event)`: returns false when there was nothing to do, so that the
 * browser goes on; `when(event)`: whether it applies now; `typing`: also while somebody writes in a field; `palette`:
 * whether it is an action that one may look for by its words. Without `run` it is only listed.
 */
export function shortcut(keys, words, run, { group = gettext("Chats"), when = () => true, typing = false, palette = true } = {}) {
  table.push({ keys: [keys].flat(), words, run, group, when, typing, palette: palette && Boolean(run) })
}

/** What can be done by words now: [{words, keys, run}]. */
export const actions = () => table.filter((entry) => entry.palette && entry.when())

/** Keys that are pressed together, as they are shown. */
export const kbds = (keys) => keys.split("+").map((key) => element("kbd", {}, SHOWN[key] ?? key))

/** The keys of a press, as the table writes them. Shift counts only with keys that have no shifted character. */
function pressed(event) {
  const key = event.key.toLowerCase()
  const shift = event.shiftKey && event.key.length > 1 ? "shift+" : ""
  return `${event.ctrlKey || event.metaKey ? "mod+" : ""}${event.altKey ? "alt+" : ""}${shift}${key}`
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || !event.key) return
  const keys = pressed(event)
  const typing = event.target.closest?.(TYPING)
  const overlaid = event.target.closest?.(OVERLAY)
  for (const entry of table) {
    if (!entry.run || !entry.keys.includes(keys) || ((typing || overlaid) && !entry.typing) || !entry.when(event)) continue
    if (entry.run(event) === false) continue
    return event.preventDefault()
  }
})

/** Show the list of keys. */
export function showKeys() {
  const dialog = document.querySelector("#keys")
  const place = dialog.querySelector(".lists")
  place.replaceChildren()
  for (const [group, entries] of Map.groupBy(table, (entry) => entry.group)) {
    place.append(element("h3", {}, group), element("dl", {}, ...entries.flatMap(lineOf)))
  }
  dialog.showModal()
}

const lineOf = ({ keys, words }) => [element("dt", {}, ...keys.flatMap(kbds).flatMap((kbd) => [kbd, " "])), element("dd", {}, words)]
