// The palette: chats, pages and actions by their words. The server finds chats and pages that this member may see.

import { ask, complain, element, gettext, nodesOf } from "./app.js"
import { actions, kbds } from "./keys.js"

const WAIT_MS = 120
const dialog = document.querySelector("#palette")
const field = dialog.querySelector("input")
const list = dialog.querySelector("[role=listbox]")
const none = dialog.querySelector(".none")
let asked = new AbortController()
let searching = Promise.resolve()
let opener = null
let runs = new Map()

export function open() {
  if (dialog.open) return
  opener = document.activeElement
  field.value = ""
  list.replaceChildren()
  dialog.showModal()
  field.focus()
  searching = search()
}

const options = () => [...list.querySelectorAll("[role=option]")]
const chosen = () => list.querySelector("[aria-selected=true]")

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false")
  option?.setAttribute("aria-selected", "true")
  option?.scrollIntoView({ block: "nearest" })
  field.setAttribute("aria-activedescendant", option?.id ?? "")
}

/** Look for what stands in the field. A later search ends an earlier one. */
async function search(wait = 0) {
  asked.abort()
  const mine = (asked = new AbortController())
  await new Promise((resolve) => setTimeout(resolve, wait))
  if (mine.signal.aborted) return
  const words = field.value.trim()
  const here = [drawPlaces(words), drawActions(words)]
  try {
    const answer = await ask(`${dialog.dataset.url}?${new URLSearchParams({ q: words })}`, { signal: mine.signal })
    draw([...nodesOf(await answer.text()).children, ...here])
  } catch (error) {
    if (error.name === "AbortError") return
    draw(here)
    complain(error)
  }
}

function draw(groups) {
  const before = chosen()?.dataset.key
  list.replaceChildren(...groups.filter(Boolean))
  options().forEach((option, at) => (option.id = `palette-${at}`))
  none.hidden = options().length > 0
  choose(options().find((option) => option.dataset.key === before) ?? options()[0])
}

/** Whether every word that was typed begins a word of the text. */
function fits(text, typed) {
  const parts = text.toLowerCase().split(/[\s,:;]+/)
  return typed.toLowerCase().split(/\s+/).every((word) => parts.some((part) => part.startsWith(word)))
}

function groupOf(name, found) {
  return found.length ? element("div", { role: "group", ariaLabel: name }, element("span", { ariaHidden: "true" }, name), ...found) : null
}

function drawPlaces(typed) {
  const places = [...document.querySelector("#places").content.cloneNode(true).children]
  return groupOf(gettext("Pages"), places.filter((place) => fits(place.textContent, typed)))
}

function drawActions(typed) {
  runs = new Map()
  return groupOf(gettext("Actions"), actions().filter(({ words }) => fits(words, typed)).map(drawAction))
}

function drawAction({ words, keys, run }) {
  const key = `deed ${words}`
  runs.set(key, run)
  return element("div", { role: "option", ariaSelected: "false", dataset: { key } }, words, element("span", { className: "dim" }, ...kbds(keys[0])))
}

function go(option) {
  if (!option) return
  const run = runs.get(option.dataset.key)
  dialog.close()
  if (run) run()
  else option.click() // a link; a chat opens in place where the inbox listens
}

dialog.addEventListener("close", () => {
  asked.abort()
  if (document.activeElement === document.body && opener?.isConnected) opener.focus()
})
field.addEventListener("input", () => (searching = search(WAIT_MS)))
dialog.addEventListener("keydown", (event) => {
  const all = options()
  const at = all.indexOf(chosen())
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key]
  if (to !== undefined && all.length) {
    event.preventDefault()
    choose(all[(to + all.length) % all.length])
  } else if (event.key === "Enter") {
    event.preventDefault()
    searching.then(() => dialog.open && go(chosen())) // not before what was typed has been looked for
  }
})
dialog.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]")
  if (event.target === dialog) dialog.close()
  if (!option || !event.isTrusted) return
  if (!option.href) event.preventDefault()
  const run = runs.get(option.dataset.key)
  dialog.close()
  run?.()
})
list.addEventListener("pointermove", (event) => {
  const option = event.target.closest("[role=option]")
  if (option && option !== chosen()) choose(option)
})
