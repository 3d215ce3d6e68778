// Choosing a time to come: a few likely ones, or any; in the reader's own zone.

import { element, gettext } from "./app.js"
import { showBeside } from "./floating.js"

const panel = document.querySelector("#schedule")
const field = panel.querySelector("input")
const LATEST_MS = 365 * 86_400_000
const words = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" })

let chosen = () => {}

function at(days, hours) {
  const day = new Date()
  day.setDate(day.getDate() + days)
  day.setHours(hours, 0, 0, 0)
  return day
}

function presets() {
  const now = new Date()
  const monday = (8 - now.getDay()) % 7 || 7
  const times = [[gettext("In one hour"), new Date(Math.ceil((+now + 3_600_000) / 60_000) * 60_000)]]
  if (now.getHours() < 17) times.push([gettext("This evening"), at(0, 18)])
  times.push([gettext("Tomorrow morning"), at(1, 9)])
  if (monday > 1) times.push([gettext("Monday morning"), at(monday, 9)])
  return times
}

const local = (time) => new Date(time - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)

/** Open the choice beside `anchor`; `then(date)` hears the time. */
export function choose(anchor, then) {
  chosen = then
  panel.querySelector("[data-presets]").replaceChildren(
    ...presets().map(([label, time]) =>
      element("button", { type: "button", onclick: () => done(time) }, label, element("time", { dateTime: time.toISOString() }, words.format(time))),
    ),
  )
  field.min = local(new Date(Date.now() + 60_000))
  field.max = local(new Date(Date.now() + LATEST_MS))
  field.value = local(at(1, 9))
  panel.querySelector(".hint").textContent = ""
  showBeside(panel, anchor)
  panel.querySelector("button").focus()
}

function done(time) {
  if (time < Date.now() + 55_000) {
    panel.querySelector(".hint").textContent = gettext("Choose a time that is at least a minute away.")
    return
  }
  panel.hidePopover()
  chosen(time)
}

panel.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault()
  done(new Date(field.value))
})
