// What the team does with a chat: small windows to choose in, deeds as forms, and what they changed drawn at once.

import { ask, complain, element, nodesOf, writeTimes } from "./app.js"
import * as list from "./list.js"

const picker = document.querySelector("#picker")
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? ""
const TOAST_MS = 8000
const SEARCH_MS = 200

let went = () => {}
let opens = () => {}
/** `changed(row)` after a deed, with the chat's row; `open(url)` for a chat that was started. */
export function onDeed(changed, open) {
  went = changed
  opens = open
}

/** Open the window at once: what is typed before its choices have come is kept, and never taken for keys of the page. */
async function pick(button) {
  const address = new URL(button.dataset.pick, location.href)
  address.searchParams.set("zone", zone)
  const channel = new URLSearchParams(location.search).get("channel")
  if (channel) address.searchParams.set("channel", channel)
  const early = element("input", { className: "input", ariaLabel: button.ariaLabel ?? button.textContent })
  picker.classList.remove("wide")
  picker.replaceChildren(early)
  if (!picker.open) picker.showModal()
  early.focus()
  let chosen = false
  early.addEventListener("keydown", (event) => (chosen ||= event.key === "Enter"))
  try {
    const answer = await ask(address)
    const choices = nodesOf(await answer.text())
    if (!early.isConnected || !picker.open) return
    picker.replaceChildren(choices)
    picker.classList.toggle("wide", Boolean(picker.querySelector(".bar")))
    writeTimes(picker)
    begin(early.value)
    if (chosen && early.value) visible()[0]?.click()
  } catch (error) {
    if (early.isConnected) picker.close()
    complain(error)
  }
}

function begin(typed) {
  for (const first of ["[autofocus]", "[data-filter]", ".choices :is(button, input:not([type=hidden]))", "button"]) {
    const place = picker.querySelector(first)
    if (!place) continue
    place.focus()
    if (!typed || !place.matches("[autofocus], [data-filter]")) return
    place.value = typed
    place.dispatchEvent(new Event("input", { bubbles: true }))
    return
  }
}

function refused(error) {
  const place = picker.open ? picker.querySelector("[role=alert]") : null
  if (place && !error.place) place.textContent = error.message
  else complain(error)
}

/** A form of a chat: post it, and draw the row and the words that come back. */
async function deed(form, submitter) {
  try {
    const answer = await ask(form.action, { method: "POST", body: new FormData(form, submitter) })
    if (picker.contains(form) && form.dataset.stays === undefined) picker.close()
    form.closest("[data-toast]")?.remove()
    told(nodesOf(await answer.text()))
  } catch (error) {
    refused(error)
  }
}

function told(nodes) {
  const [row, toast] = [nodes.querySelector(".row"), nodes.querySelector("[data-toast]")]
  if (row) {
    list.put(row.dataset.chat, row)
    list.counts()
    went(row)
  }
  if (!toast) return
  for (const old of document.querySelectorAll("#toasts [data-toast]")) old.remove()
  document.querySelector("#toasts").append(toast)
  writeTimes(toast)
  setTimeout(() => toast.remove(), TOAST_MS)
}

async function start(form) {
  try {
    const answer = await ask(form.action, { method: "POST", body: new FormData(form) })
    picker.close()
    opens(answer.headers.get("X-Open"))
  } catch (error) {
    refused(error)
    form.querySelector("#new-to").focus()
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target
  if (form.matches("[data-chat-deed]")) deed(form, event.submitter)
  else if (form.matches("[data-new-chat]")) start(form)
  else return
  event.preventDefault()
})

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-pick]")
  if (button) return pick(button)
  const person = event.target.closest("[data-to]")
  if (!person) return
  const to = picker.querySelector("#new-to")
  to.value = person.dataset.to
  person.closest(".choices").replaceChildren()
  to.focus()
})

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-stays]")
  if (form) form.requestSubmit()
})

// --- Choosing by typing --------------------------------------------------------------------------------------------

const bare = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
let looking = 0

picker?.addEventListener("input", (event) => {
  if (event.target.matches("[data-filter]")) {
    const wanted = bare(event.target.value.trim())
    const options = [...picker.querySelectorAll(".choices > li")]
    for (const option of options) option.hidden = !bare(option.dataset.word ?? "").includes(wanted)
    picker.querySelector(".nobody").hidden = options.some((option) => !option.hidden)
  } else if (event.target.id === "new-to") {
    picker.querySelector("[role=alert]").textContent = ""
    clearTimeout(looking)
    looking = setTimeout(people, SEARCH_MS)
  }
})

async function people() {
  const [to, found] = [picker.querySelector("#new-to"), picker.querySelector("#people-found")]
  const q = to?.value.trim() ?? ""
  if (!to) return
  const answer = q ? await ask(`${to.form.dataset.people}?${new URLSearchParams({ q })}`).catch(() => null) : null
  if (to.value.trim() === q) found.replaceChildren(...(answer ? [nodesOf(await answer.text())] : []))
}

const visible = () => [...picker.querySelectorAll(".choices > li:not([hidden]) :is(button, input[type=checkbox])")]

picker?.addEventListener("keydown", (event) => {
  const choices = visible()
  const at = choices.indexOf(document.activeElement)
  if (event.key === "Escape") { // a search field would only be emptied by it
    event.preventDefault()
    return picker.close()
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step && choices.length) {
    event.preventDefault()
    if (at < 0 && step < 0) return
    const next = choices[at + step]
    if (next) next.focus()
    else if (step < 0) picker.querySelector("[data-filter], #new-to")?.focus()
  } else if (event.key === "Enter" && event.target.matches("[data-filter]") && choices.length) {
    event.preventDefault()
    choices[0].click()
  } else if (event.key === "Enter" && event.target.type === "checkbox") {
    event.preventDefault()
    event.target.click()
  }
})
picker?.addEventListener("click", (event) => (event.target === picker || event.target.closest("[data-close]")) && picker.close())

// "Write the first message" on a channel's page leads here.
if (location.hash === "#new") {
  history.replaceState(null, "", location.pathname + location.search)
  document.querySelector('[data-pick][data-key="c"]')?.click()
}
