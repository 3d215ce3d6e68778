// What can be done with one message: its menu by pointer, long press or key, and the deeds behind it.

import { ask, bodyOf, complain, gettext, me, nodesOf, notice } from "./app.js"
import * as composer from "./composer.js"
import { pick } from "./emoji.js"
import { showBeside } from "./floating.js"
import * as schedule from "./schedule.js"
import * as thread from "./thread.js"

const inbox = document.querySelector("#inbox")
const menu = document.querySelector("#message-menu")
const sure = document.querySelector("#sure")
const LONG_PRESS_MS = 450
const EDIT_MINUTES = 15 // WhatsApp takes no change of a text after that
const mayWrite = inbox.dataset.mayWrite === "yes"

let message = null

const textOf = (one) => one.querySelector(".text")?.textContent ?? ""
const can = (one) => new Set(one.dataset.can?.split(" "))
const own = (one) => !one.dataset.by || one.dataset.by === me.member

function openMenu(one, anchor) {
  const words = can(one)
  if (!words.size || (words.size === 1 && words.has(""))) return
  message = one
  const late = one.dataset.sentAt && Date.now() - new Date(one.dataset.sentAt) > EDIT_MINUTES * 60_000
  for (const item of menu.querySelectorAll("[data-for]")) {
    const fits = item.dataset.for.split(" ").some((word) => words.has(word))
    item.hidden = !fits || (item.dataset.for.includes("note") && words.has("note") && !own(one)) || (!mayWrite && item.classList.contains("may-write"))
    if (item.dataset.act === "edit") {
      item.disabled = Boolean(late)
      item.querySelector("small").textContent = late ? gettext("only for {n} minutes", { n: EDIT_MINUTES }) : ""
    }
  }
  showBeside(menu, anchor ?? one.querySelector(".bubble"), { right: true })
  choices()[0]?.focus()
}

const choices = () => [...menu.querySelectorAll("button")].filter((button) => button.checkVisibility() && !button.disabled)

menu.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key]
  if (!step) return
  event.preventDefault()
  const all = choices()
  all[(all.indexOf(document.activeElement) + step + all.length) % all.length]?.focus()
})

menu.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]")
  if (!button) return
  const one = message
  menu.hidePopover()
  one.focus({ preventScroll: true })
  ACTS[button.dataset.act](one, button)
})

const ACTS = {
  reply: (one) => composer.reply(one),
  react: (one) => pickReaction(one),
  emoji: (one, button) => react(one, button.textContent),
  timeline: (one) => one.querySelector(".tick[data-side]")?.click(),
  cancel: (one) => deed(one, "cancel"),
  edit: (one) => composer.edit(one, (text) => deed(one, "edit", bodyOf({ text }))),
  async copy(one) {
    await navigator.clipboard.writeText(textOf(one))
    notice(gettext("Copied"))
  },
  delete(one) {
    const note = can(one).has("note")
    ask_sure({
      title: note ? gettext("Delete this note?") : gettext("Delete this message for everyone?"),
      words: note ? gettext("Your team does not see it any more.") : gettext("It disappears from the customer's phone. Admins can still read it here."),
      quote: textOf(one),
      label: note ? gettext("Delete note") : gettext("Delete for everyone"),
      act: () => deed(one, "delete"),
    })
  },
}

function ask_sure({ title, words, quote, label, act }) {
  sure.querySelector("h2").textContent = title
  sure.querySelector("p").textContent = words
  sure.querySelector("blockquote").textContent = quote
  const button = sure.querySelector("[data-sure]")
  button.textContent = label
  button.onclick = () => {
    sure.close()
    act()
  }
  sure.showModal()
}

function pickReaction(one) {
  pick(one.querySelector(".bubble"), (character) => react(one, character))
}

const react = (one, emoji) => deed(one, "reaction", bodyOf({ emoji }))

// --- Deeds ---------------------------------------------------------------------------------------------------------------

let changed = () => {}
/** Called after a deed, with the message as it then stands. */
export const onChange = (handler) => (changed = handler)

/** Ask the server for a deed on the message, and show what came of it. Returns whether it was done. */
export async function deed(one, name, body) {
  const place = can(one).has("note") ? inbox.dataset.notes : inbox.dataset.messages
  try {
    const answer = await ask(`${place}${one.dataset.id}/${name}/`, { method: "POST", body })
    const fresh = nodesOf(await answer.text()).querySelector(".message")
    if (thread.current()) thread.upsert(fresh)
    await changed()
    return true
  } catch (error) {
    complain(error)
    return false
  }
}

async function showDeleted(button) {
  const answer = await ask(button.dataset.deleted).catch(complain)
  if (answer) button.replaceWith(nodesOf(await answer.text()))
}

function showVersions(button) {
  const list = button.closest(".bubble").querySelector(".versions")
  list.hidden = !list.hidden
  button.ariaExpanded = String(!list.hidden)
}

document.addEventListener("click", async (event) => {
  const hit = (selector) => event.target.closest?.(selector)
  let found
  if ((found = hit("[data-id] [data-deed]"))) {
    const place = found.closest("[data-id]") // a message, or the side that tells of one
    const one = document.getElementById(`message-${place.dataset.id}`) ?? place
    found.disabled = true
    const text = textOf(one)
    const done = await deed(one, found.dataset.deed)
    if (done && found.dataset.undo !== undefined) composer.restore(text)
    found.disabled = false
  } else if ((found = hit(".message [data-menu]"))) openMenu(found.closest(".message"), found)
  else if ((found = hit(".message [data-reply]"))) composer.reply(found.closest(".message"))
  else if ((found = hit(".message [data-react]"))) pickReaction(found.closest(".message"))
  else if ((found = hit("[data-versions]"))) showVersions(found)
  else if ((found = hit("[data-deleted]"))) showDeleted(found)
  else if ((found = hit("[data-retime]"))) {
    const one = found.closest(".message")
    schedule.choose(found, (at) => deed(one, "reschedule", bodyOf({ due_at: at.toISOString() })))
  }
})

// --- By a long press, by the other button of the mouse, by keys --------------------------------------------------------------

let pressing = 0
const bubbleAt = (event) => event.target.closest?.("#thread .bubble")

document.addEventListener("pointerdown", (event) => {
  const bubble = event.pointerType === "touch" && bubbleAt(event)
  if (bubble) pressing = setTimeout(() => openMenu(bubble.closest(".message"), bubble), LONG_PRESS_MS)
})
for (const name of ["pointerup", "pointercancel", "pointermove", "scroll"]) {
  document.addEventListener(name, (event) => (name !== "pointermove" || Math.hypot(event.movementX, event.movementY) > 3) && clearTimeout(pressing), { capture: true, passive: true })
}
document.addEventListener("contextmenu", (event) => {
  if (bubbleAt(event) && matchMedia("(pointer: coarse)").matches) event.preventDefault() // the long press opens ours
})

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
  const box = event.target.closest?.("#thread-scroller")
  const here = event.target.closest?.("#thread > .message")
  if (!box || (event.target !== box && event.target !== here)) return
  if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    event.preventDefault()
    thread.step(here, event.key === "ArrowUp" ? -1 : 1)
  } else if (here && (event.key === "m" || event.key === "Enter" || event.key === "ContextMenu")) {
    event.preventDefault()
    openMenu(here)
  } else if (here && event.key === "r") {
    event.preventDefault()
    event.stopPropagation()
    composer.reply(here)
  }
}, { capture: true })

// What can be undone is undone until it leaves; the words do not claim more.
setInterval(() => {
  for (const line of document.querySelectorAll("#thread .due[data-until]")) {
    if (new Date(line.dataset.until) < Date.now()) line.remove()
  }
}, 500)
