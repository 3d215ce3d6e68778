// The picker of emoji: fetched when it is first opened, searched by words.

import { ask, complain, nodesOf } from "./app.js"
import { showBeside } from "./floating.js"

const picker = document.querySelector("#emoji")
let chosen = () => {}

/** Open it beside `anchor`; `then(character)` hears what is picked. */
export async function pick(anchor, then) {
  chosen = then
  if (!picker.firstElementChild) {
    const answer = await ask(picker.dataset.url).catch(complain)
    if (!answer) return
    picker.replaceChildren(nodesOf(await answer.text()))
  }
  showBeside(picker, anchor)
  const search = picker.querySelector("input")
  search.value = ""
  narrow("")
  if (!matchMedia("(pointer: coarse)").matches) search.focus()
}

function narrow(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  for (const section of picker.querySelectorAll("section")) {
    for (const button of section.querySelectorAll("button")) button.hidden = !wanted.every((word) => button.title.includes(word))
    section.hidden = !section.querySelector("button:not([hidden])")
  }
  picker.querySelector(".none").hidden = Boolean(picker.querySelector("section:not([hidden])"))
}

picker.addEventListener("input", (event) => narrow(event.target.value))

picker.addEventListener("click", (event) => {
  const button = event.target.closest("[data-emoji]")
  if (!button) return
  picker.hidePopover()
  chosen(button.dataset.emoji)
})

picker.addEventListener("keydown", (event) => {
  const shown = [...picker.querySelectorAll("button:not([hidden])")]
  const at = shown.indexOf(document.activeElement)
  if (event.key === "Enter" && at < 0) {
    event.preventDefault()
    shown[0]?.click()
  }
  const row = Math.max(1, Math.round(picker.querySelector(".grid").clientWidth / 36))
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: at < 0 ? 1 : row, ArrowUp: -row }[event.key]
  if (!step || (at < 0 && event.key !== "ArrowDown")) return
  event.preventDefault()
  const next = shown[at + step]
  if (next) next.focus()
  else if (step < 0) picker.querySelector("input").focus()
})
