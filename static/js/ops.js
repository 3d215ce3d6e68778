// The operator's pages: times that stay true, copying, questions before a deed, quiet refreshing, choosing rows.

const MINUTE = 60, HOUR = 3600, DAY = 86400

function span(seconds) {
  for (const [big, perBig, small, perSmall] of [["d", DAY, "h", HOUR], ["h", HOUR, "m", MINUTE], ["m", MINUTE, "s", 1]]) {
    if (seconds >= perBig) {
      const rest = Math.floor((seconds % perBig) / perSmall)
      return `${Math.floor(seconds / perBig)} ${big}` + (rest ? ` ${rest} ${small}` : "")
    }
  }
  return `${seconds} s`
}

function clock(seconds) {
  const two = (number) => String(number).padStart(2, "0")
  const hours = Math.floor(seconds / HOUR), minutes = Math.floor((seconds % HOUR) / MINUTE)
  return hours ? `${hours}:${two(minutes)}:${two(seconds % MINUTE)}` : `${minutes}:${two(seconds % MINUTE)}`
}

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" })
const dayAndYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" })
const second = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" })

function text(form, at) {
  const past = Math.max(0, Math.floor((Date.now() - at) / 1000))
  switch (form) {
    case "ago": return span(past).split(" ").slice(0, 2).join(" ") + " ago"
    case "age": return span(past)
    case "until": return clock(Math.max(0, Math.round((at - Date.now()) / 1000)))
    case "stamp": return `${day.format(at)} ${second.format(at)}`
    case "day": return dayAndYear.format(at)
  }
}

function tellTimes() {
  for (const time of document.querySelectorAll("time[data-time]")) {
    const at = new Date(time.dateTime)
    const now = text(time.dataset.time, at)
    if (now && time.textContent !== now) time.textContent = now
    if (!time.dataset.local) {
      time.dataset.local = "yes"
      time.title = `${dayAndYear.format(at)}, ${second.format(at)}`
    }
  }
}
tellTimes()
setInterval(tellTimes, 1000)
document.addEventListener("htmx:afterSettle", tellTimes)

// A copy button names what it copies: data-copy="#id".
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]")
  if (!button) return
  const source = document.querySelector(button.dataset.copy)
  const word = button.querySelector("span")
  try {
    await navigator.clipboard.writeText(source.textContent.trim())
    word.textContent = "Copied"
  } catch {
    getSelection().selectAllChildren(source); // the browser forbids it: one key press is left to the person
    word.textContent = "Press Ctrl C"
  }
  setTimeout(() => { word.textContent = "Copy"; }, 2000)
})

// A form with data-ask asks before it acts.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.ask ?? event.target.dataset.ask
  if (question && !confirm(question)) event.preventDefault()
}, true)

// A part with data-every="seconds" fetches itself again, while it is seen and nobody is choosing in it.
function busy(part) {
  return document.hidden || part.querySelector(":checked:not(option), details[open], select:focus, dialog[open]")
}
function refresh(part) {
  if (part.isConnected && !busy(part)) window.htmx?.trigger(part, "refresh")
}
let beat = 0
setInterval(() => {
  beat += 1
  for (const part of document.querySelectorAll("[data-every]")) {
    if (beat % Number(part.dataset.every) === 0) refresh(part)
  }
}, 1000)
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) document.querySelectorAll("[data-every]").forEach(refresh)
})

// Rows with check boxes: all at once, and what the buttons will act on.
function countChosen(form) {
  const boxes = [...form.querySelectorAll('input[name="item"]')]
  const chosen = boxes.filter((box) => box.checked).length
  const all = form.querySelector("[data-all]")
  if (all) {
    all.checked = chosen > 0 && chosen === boxes.length
    all.indeterminate = chosen > 0 && chosen < boxes.length
  }
  form.querySelector(".bulk")?.classList.toggle("chosen", chosen > 0)
  const words = form.querySelector("[data-chosen]")
  if (words) words.textContent = chosen ? `${chosen} chosen` : words.dataset.chosen
  for (const button of form.querySelectorAll(".bulk button[name]")) button.disabled = chosen === 0
}
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-rows]")
  if (!form) return
  if (event.target.matches("[data-all]")) {
    for (const box of form.querySelectorAll('input[name="item"]')) box.checked = event.target.checked
  }
  countChosen(form)
})
const countAll = () => document.querySelectorAll("form[data-rows]").forEach(countChosen)
countAll()
document.addEventListener("htmx:afterSettle", countAll)

// A choice that filters goes at once.
document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-go]")) event.target.form.requestSubmit()
})

// A page that answered a form keeps its secret on screen once; reloading shows the page without it.
const settled = document.querySelector("[data-address]")
if (settled) history.replaceState(null, "", settled.dataset.address)

// What the server said about the last deed goes by itself, or at a click; a refusal stays longer.
for (const toast of document.querySelectorAll("#toasts .toast")) {
  toast.addEventListener("click", () => toast.remove())
  setTimeout(() => toast.remove(), toast.matches(".bad") ? 15_000 : 6_000)
}
