// What every page does: the theme, times in the reader's zone, short notices. Loaded before the first paint.

export const page = document.documentElement
export const me = document.body?.dataset ?? {}

// --- Words: written in English here, turned by what the page brought along for the reader's language -----------------

const catalog = JSON.parse(document.querySelector("#words")?.textContent ?? "{}")

/** The reader's words for an English text; `{name}` in it stands for a value. */
export function gettext(text, values = {}) {
  const words = catalog[text] ?? text
  return words.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all)
}

/** One of two texts, by number; `{n}` in them is the number. */
export const ngettext = (one, many, n, values = {}) => gettext(n === 1 ? one : many, { n, ...values })

// --- Times: the server writes ISO; the reader's zone and language decide the words -------------------------------------

const language = navigator.languages.find((one) => one.startsWith(page.lang)) ?? page.lang
const form = (options) => new Intl.DateTimeFormat(language, options)
const clock = form({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
const exact = form({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" })
const weekday = form({ weekday: "long" })
const shortDay = form({ weekday: "short" })
const date = form({ day: "numeric", month: "long", year: "numeric" })
const shortDate = form({ day: "2-digit", month: "2-digit", year: "2-digit" })
const dayAndMonth = form({ day: "numeric", month: "short" })
const dayAndYear = form({ day: "numeric", month: "short", year: "numeric" })
const full = form({ dateStyle: "full", timeStyle: "medium" })

const DAY = 86_400_000
const UNITS = [["d", 86_400, "h", 3600], ["h", 3600, "m", 60], ["m", 60, "s", 1]]

function daysAgo(at) {
  const midnight = new Date()
  midnight.setHours(0, 0, 0, 0)
  return at >= midnight ? 0 : Math.ceil((midnight - at) / DAY)
}

export function dayName(at) {
  const ahead = Math.round((new Date(at).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / DAY)
  if (ahead > 0) return ahead === 1 ? gettext("Tomorrow") : ahead < 7 ? weekday.format(at) : date.format(at)
  const days = daysAgo(at)
  if (days === 0) return gettext("Today")
  if (days === 1) return gettext("Yesterday")
  return days < 7 ? weekday.format(at) : date.format(at)
}

/** A length of time in its largest `parts` units that matter: 12 s, 2 m 31 s, 6 h. */
export function span(seconds, parts = 2) {
  for (const [big, perBig, small, perSmall] of UNITS) {
    if (seconds < perBig) continue
    const rest = parts > 1 ? Math.floor((seconds % perBig) / perSmall) : 0
    return `${Math.floor(seconds / perBig)} ${big}` + (rest ? ` ${rest} ${small}` : "")
  }
  return `${Math.max(0, Math.floor(seconds))} s`
}

/** Hours, minutes and seconds as a clock shows them: 4:32, 1:04:32. */
export function clockOf(seconds) {
  const whole = Math.max(0, seconds)
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), Math.floor(whole % 60)]
  const tail = `${String(minutes).padStart(hours ? 2 : 1, "0")}:${String(rest).padStart(2, "0")}`
  return hours ? `${hours}:${tail}` : tail
}

const past = (at) => (Date.now() - at) / 1000
const left = (at) => Math.ceil((at - Date.now()) / 1000)

const WORDS = {
  clock: (at) => clock.format(at),
  exact: (at) => exact.format(at),
  row: (at) => (daysAgo(at) === 0 ? clock.format(at) : daysAgo(at) < 7 ? shortDay.format(at) : shortDate.format(at)),
  soon: (at) => (at.getFullYear() > 9000 ? "" : (Math.abs(at - Date.now()) < 6 * DAY ? (at.toDateString() === new Date().toDateString() ? "" : shortDay.format(at) + " ") : dayAndMonth.format(at) + " ") + clock.format(at)),
  day: dayName,
  full: (at) => full.format(at),
  ago: (at) => gettext("{span} ago", { span: span(past(at), 1) }),
  age: (at) => span(past(at)),
  left: (at) => (left(at) > 0 ? clockOf(left(at)) : gettext("a moment")),
  until: (at) => clockOf(left(at)),
  stamp: (at) => `${dayAndMonth.format(at)} ${exact.format(at)}`,
  date: (at) => dayAndYear.format(at),
}
const PASSING_TIMES = ["ago", "age", "left", "until"].flatMap((name) => [`[data-as=${name}]`, `[data-time=${name}]`]).join()

/** Write the words of every <time data-as="…"> or <time data-time="…"> under `root`. */
export function writeTimes(root = document) {
  for (const time of root.querySelectorAll("time[data-as], time[data-time]")) {
    const at = new Date(time.dateTime)
    if (Number.isNaN(+at)) continue
    const words = WORDS[time.dataset.as ?? time.dataset.time](at)
    if (time.textContent !== words) time.textContent = words
    if (time.dataset.told === time.dateTime) continue
    time.dataset.told = time.dateTime
    time.title = full.format(at)
  }
}

// --- Asking the server ---------------------------------------------------------------------------------------------

export class Refused extends Error {
  constructor(status, words, place) {
    super(words)
    this.status = status
    this.place = place // where to sign in, when the session is gone
  }
}

/** Fetch as this member. Rejects with Refused for an answer that is not 2xx, with TypeError when nobody answers. */
export async function ask(url, { method = "GET", body, accept = "text/html", signal, keepalive } = {}) {
  const headers = { "HX-Request": "true", "HX-Current-URL": location.href, Accept: accept }
  if (method !== "GET") headers["X-CSRFToken"] = me.csrf
  const answer = await fetch(url, { method, body, headers, signal, keepalive, credentials: "same-origin" })
  if (answer.ok) return answer
  const place = answer.headers.get("HX-Redirect") ?? ""
  const words = answer.headers.get("Content-Type")?.startsWith("text/plain") ? await answer.text() : ""
  const refusal = new Refused(answer.status, words || wordsFor(answer.status, answer.headers.get("X-Request-Id")), place)
  if (answer.status === 409 && !words) refusal.html = await answer.text() // a question, drawn by the server
  throw refusal
}

function wordsFor(status, id = "") {
  if (status === 401) return gettext("You were signed out. What you typed is kept on this device.")
  if (status === 403) return gettext("Your role does not allow this, or the page is too old. Reload it and try again.")
  if (status === 404) return gettext("This is not here any more.")
  if (status === 413) return gettext("The file is too large.")
  if (status < 500) return gettext("That did not work.")
  const words = gettext("Something broke on our side. What you typed is safe here; try again.")
  return id ? `${words} ${gettext("Request id: {id}", { id })}` : words
}

/** What a form would send; what there is none of is left out. Twisted refuses a form without any field. */
export function bodyOf(values) {
  const body = new FormData()
  for (const [name, value] of Object.entries(values)) if (value !== undefined) body.set(name, value)
  return body
}

// --- Making elements ---------------------------------------------------------------------------------------------------

/** A new element with these properties, `dataset` among them, and what is in it. */
export function element(name, { dataset, ...properties }, ...content) {
  const made = Object.assign(document.createElement(name), properties)
  Object.assign(made.dataset, dataset)
  made.append(...content)
  return made
}

/** Markup made by our own templates, as nodes. */
export const nodesOf = (html) => element("template", { innerHTML: html }).content

// --- Notices ---------------------------------------------------------------------------------------------------------

export function notice(words, { bad = false, place = "" } = {}) {
  const toast = element("p", { className: bad ? "toast bad" : "toast" }, words)
  if (place) toast.append(element("a", { href: place, className: "btn" }, gettext("Sign in")))
  document.querySelector("#toasts").append(toast)
  if (!place) setTimeout(() => toast.remove(), bad ? 9000 : 4000)
}

/** Say why the server refused, or that nobody answered. */
export const complain = (error) => notice(error.message, { bad: true, place: error.place })

/** Whether a click means this page, not another tab or a menu. */
export const isPlain = (event) => event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey

// --- Theme -----------------------------------------------------------------------------------------------------------

document.addEventListener("submit", async (event) => {
  if (event.target.id !== "theme-form") return
  event.preventDefault()
  const theme = event.submitter.value
  if (theme === "auto") delete page.dataset.theme
  else page.dataset.theme = theme
  for (const button of event.target.querySelectorAll("button")) button.ariaPressed = String(button === event.submitter)
  const body = new FormData(event.target)
  body.set("theme", theme)
  await ask(event.target.action, { method: "POST", body }).catch(complain)
})

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]") // what to copy, or where it stands, as #id
  if (!button) return
  const source = button.dataset.copy.startsWith("#") ? document.querySelector(button.dataset.copy) : null
  const word = button.querySelector("span")
  let told = gettext("Copied")
  try {
    await navigator.clipboard.writeText(source?.textContent.trim() ?? button.dataset.copy)
  } catch {
    if (source) getSelection().selectAllChildren(source) // the browser forbids it: one key press is left to the person
    told = gettext("Press Ctrl C")
  }
  if (!word) return notice(told)
  const before = word.textContent
  word.textContent = told
  setTimeout(() => (word.textContent = before), 2000)
})

// What nobody needs to see the page comes after it.
if (me.shell) addEventListener("load", () => import(me.shell))

writeTimes()
setInterval(() => {
  for (const time of document.querySelectorAll(PASSING_TIMES)) writeTimes(time.parentElement)
}, 1000)
document.addEventListener("htmx:afterSettle", (event) => writeTimes(event.target))
document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail
  const words = xhr.getResponseHeader("Content-Type")?.startsWith("text/plain") ? xhr.responseText : ""
  if (xhr.status !== 401) notice(words || wordsFor(xhr.status, xhr.getResponseHeader("X-Request-Id")), { bad: true })
})
document.addEventListener("htmx:sendError", () => notice(gettext("Waybill does not answer. Try again."), { bad: true }))

// --- Presses ---

const PRESS_MS = 1000
let press = null
let letGo = () => {}
// What is drawn anew under a press loses its click, so drawing waits for the button to be let go; not for ever.
addEventListener("pointerdown", () => {
  press ??= new Promise((resolve) => {
    letGo = resolve
    setTimeout(resolve, PRESS_MS)
  }).then(() => (press = null))
})
for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => setTimeout(letGo))
/** Resolves when no button is pressed; null when none is. */
export const released = () => press
