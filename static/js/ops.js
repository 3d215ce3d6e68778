// The operator's pages: questions before a deed, quiet refreshing, choosing rows.

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
    const every = Number(part.dataset.every) * (document.body.hasAttribute("data-live") ? 10 : 1)
    if (beat % every === 0) refresh(part)
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
  if (words) words.textContent = chosen ? `${chosen} ${words.dataset.some}` : words.dataset.chosen
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
  if (event.target.matches("[data-go]")) event.target.form.requestSubmit()
})

// A page that answered a form keeps its secret on screen once; reloading shows the page without it.
const settled = document.querySelector("[data-address]")
if (settled) history.replaceState(null, "", settled.dataset.address)

// What the server said about the last deed goes by itself, or at a click; a refusal stays longer.
for (const toast of document.querySelectorAll("#toasts .toast")) {
  toast.addEventListener("click", () => toast.remove())
  setTimeout(() => toast.remove(), toast.matches(".bad") ? 15_000 : 6_000)
}
