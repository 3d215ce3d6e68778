// What every page does: the theme, times in the reader's zone, short notices. Loaded before the first paint.

export const page = document.documentElement
export const me = document.body?.dataset ?? {}

// --- Times: the server writes ISO; the reader's zone decides the words -----------------------------------------------

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
const exact = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" })
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long" })
const shortDay = new Intl.DateTimeFormat(undefined, { weekday: "short" })
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" })
const shortDate = new Intl.DateTimeFormat(undefined, { day: "2-digit", month: "2-digit", year: "2-digit" })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" })

const DAY = 86_400_000

function daysAgo(at) {
  const midnight = new Date()
  midnight.setHours(0, 0, 0, 0)
  return at >= midnight ? 0 : Math.ceil((midnight - at) / DAY)
}

export function dayName(at) {
  const days = daysAgo(at)
  if (days === 0) return "Today"
  if (days === 1) return "Yesterday"
  return days < 7 ? weekday.format(at) : date.format(at)
}

const WORDS = {
  clock: (at) => clock.format(at),
  exact: (at) => exact.format(at),
  row: (at) => (daysAgo(at) === 0 ? clock.format(at) : daysAgo(at) < 7 ? shortDay.format(at) : shortDate.format(at)),
  day: dayName,
  full: (at) => full.format(at),
  ago: (at) => span((Date.now() - at) / 1000) + " ago",
  left: (at) => countdown((at - Date.now()) / 1000),
}

function span(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} m`
  return `${Math.floor(seconds / 86_400)} d`
}

function countdown(seconds) {
  if (seconds <= 0) return "a moment"
  const whole = Math.ceil(seconds)
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60]
  const tail = `${String(minutes).padStart(hours ? 2 : 1, "0")}:${String(rest).padStart(2, "0")}`
  return hours ? `${hours}:${tail}` : tail
}

/** Write the words of every <time data-as="clock|row|day|full|exact|ago|left"> under `root`. */
export function writeTimes(root = document) {
  for (const time of root.querySelectorAll("time[data-as]")) {
    const at = new Date(time.dateTime)
    if (Number.isNaN(+at)) continue
    const words = WORDS[time.dataset.as](at)
    if (time.textContent !== words) time.textContent = words
    if (!time.title) time.title = full.format(at)
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
export async function ask(url, { method = "GET", body, accept = "text/html", signal } = {}) {
  const headers = { "HX-Request": "true", "HX-Current-URL": location.href, Accept: accept }
  if (method !== "GET") headers["X-CSRFToken"] = me.csrf
  const answer = await fetch(url, { method, body, headers, signal, credentials: "same-origin" })
  if (answer.ok) return answer
  const place = answer.headers.get("HX-Redirect") ?? ""
  const words = answer.headers.get("Content-Type")?.startsWith("text/plain") ? await answer.text() : ""
  throw new Refused(answer.status, words || wordsFor(answer.status), place)
}

function wordsFor(status) {
  if (status === 401) return "You were signed out. What you typed is kept on this device."
  if (status === 403) return "Your role does not allow this, or the page is too old. Reload it and try again."
  if (status === 404) return "This is not here any more."
  if (status === 413) return "The file is too large."
  return status >= 500 ? "Something broke on our side. What you typed is safe here; try again." : "That did not work."
}

/** Markup made by our own templates, as nodes. */
export function nodesOf(html) {
  const holder = document.createElement("template")
  holder.innerHTML = html
  return holder.content
}

// --- Notices ---------------------------------------------------------------------------------------------------------

export function notice(words, { bad = false, place = "" } = {}) {
  const toast = document.createElement("p")
  toast.className = bad ? "toast bad" : "toast"
  toast.append(words)
  if (place) {
    const link = document.createElement("a")
    link.href = place
    link.className = "btn"
    link.append("Sign in")
    toast.append(link)
  }
  document.querySelector("#toasts").append(toast)
  if (!place) setTimeout(() => toast.remove(), bad ? 9000 : 4000)
}

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
  await ask(event.target.action, { method: "POST", body }).catch((error) => notice(error.message, { bad: true }))
})

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]")
  if (!button) return
  await navigator.clipboard.writeText(button.dataset.copy)
  notice("Copied.")
})

writeTimes()
setInterval(() => {
  for (const time of document.querySelectorAll('time[data-as="left"], time[data-as="ago"]')) writeTimes(time.parentElement)
}, 1000)
document.addEventListener("htmx:afterSettle", (event) => writeTimes(event.target))
document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr
  if (status !== 401) notice(wordsFor(status), { bad: true })
})
document.addEventListener("htmx:sendError", () => notice("Waybill does not answer. Try again.", { bad: true }))
