// A second conversation beside the first on a wide screen: this same page in a frame, without list and rail, so that it
// has a composer and a socket of its own. Which one it was is remembered on this device.

import { element, gettext, me } from "./app.js"
import { shortcut } from "./keys.js"

const inbox = document.querySelector("#inbox")
const wide = matchMedia("(min-width: 1500px)")
const KEY = `waybill:beside:${me.member}`
export const framed = inbox.classList.contains("pane")

const open = () => document.querySelector("#conversation").dataset.chat
const frame = () => document.querySelector("#beside")

/** Open the chat in the second pane, or in the place of the one there. */
function beside(chat) {
  if (framed || !wide.matches || !chat) return
  localStorage.setItem(KEY, chat)
  if (frame()?.dataset.chat === chat) return
  close({ forget: false })
  const [title, src] = [gettext("Second conversation"), `${inbox.dataset.url}${chat}/?pane=1`]
  document.querySelector("#conversation").after(element("iframe", { id: "beside", className: "beside", title, src, dataset: { chat } }))
}

export function close({ forget = true } = {}) {
  if (framed) return parent.postMessage({ waybill: "close-pane" }, location.origin)
  if (forget) localStorage.removeItem(KEY)
  frame()?.remove()
}

/** Put the focus into the composer of the other pane. */
function other() {
  const there = framed ? parent.document : frame()?.contentDocument
  if (!there) return false
  there.defaultView.focus()
  ;(there.querySelector("#composer-text:not([hidden])") ?? there.querySelector("#conversation"))?.focus()
}

/** A chat was opened in the first pane: it is not shown twice. */
export function opened(chat) {
  if (!framed && frame()?.dataset.chat === chat) close()
}

const restore = () => (wide.matches ? localStorage.getItem(KEY) !== open() && beside(localStorage.getItem(KEY)) : close({ forget: false }))

addEventListener("message", (event) => {
  if (event.origin !== location.origin || event.data?.waybill !== "close-pane") return
  close()
  document.querySelector("#conversation").focus()
})

document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest?.(selector)
  const row = event.altKey && hit("#rows [data-open]")
  if (row && wide.matches) {
    event.preventDefault()
    event.stopPropagation()
    beside(row.dataset.open)
  } else if (hit("[data-beside]")) beside(open())
  else if (hit("[data-close-pane]")) close()
}, { capture: true })

if (!framed) {
  shortcut("o", gettext("Keep this chat beside"), () => beside(open()), { group: gettext("This chat"), when: () => wide.matches && Boolean(open()) })
  wide.addEventListener("change", restore)
  restore()
}
shortcut("alt+p", gettext("The other conversation"), other, { group: gettext("This chat"), typing: true, when: () => framed || Boolean(frame()) })
