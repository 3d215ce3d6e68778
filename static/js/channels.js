// Channels live: the socket says which channel changed, and its parts of the page fetch themselves; without a socket
// they go on asking by the clock (ops.js), which slows down while data-live says that news come by themselves.

import { released } from "./app.js"
import { Socket } from "./socket.js"

const slug = document.body.dataset.workspace
let leaving = false
addEventListener("submit", (event) => { leaving ||= !event.defaultPrevented })
addEventListener("pageshow", () => { leaving = false })

// A channel that somebody removes meanwhile is no error of a part of the page: the page says what it is now.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.status !== 404 || !event.target.closest("[data-channel]")) return
  event.preventDefault()
  event.stopImmediatePropagation()
  if (!leaving) location.reload()
}, true)

// What htmx queues for a part is lost when the answer under way replaces it: the one in its place asks again.
const late = new Set() // ids of parts
const refresh = (id) => {
  if (leaving) return
  for (const part of document.querySelectorAll("[data-channel]")) {
    if (id && part.dataset.channel && part.dataset.channel !== id) continue
    if (part.matches(".htmx-request")) late.add(part.id)
    else window.htmx?.trigger(part, "refresh")
  }
}
document.addEventListener("htmx:afterSettle", ({ target }) => late.delete(target.id) && window.htmx.trigger(target, "refresh"))
document.addEventListener("htmx:beforeSwap", ({ detail, target }) => {
  if (!released() || !target.matches("[data-channel], [data-every]")) return
  detail.shouldSwap = false // a link or button under a press would lose its click
  released().then(() => window.htmx.trigger(target, "refresh"))
})
if (slug) {
  new Socket(`/ws/w/${slug}/inbox/`, {
    heard: (frame) => {
      if (frame.type === "channel") refresh(frame.channel)
      else if (frame.type === "hello" || frame.type === "resync") refresh()
    },
    stands: (state) => document.body.toggleAttribute("data-live", state === "open"),
  })
}
