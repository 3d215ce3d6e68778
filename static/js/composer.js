// Writing: the box grows, keeps its draft here and on the server, answers a message or leaves a note, changes what was
// sent, and sends once however often Enter is hit.

import { gettext, nodesOf, writeTimes } from "./app.js"
import * as drafts from "./drafts.js"
import { pick } from "./emoji.js"
import * as options from "./options.js"
import { onMovedOn, send } from "./outgoing.js"
import * as schedule from "./schedule.js"
import * as thread from "./thread.js"
import * as uploads from "./uploads.js"

const SEEN_MS = 3000 // a message that stood in sight for so long while its reader typed on was seen
const TYPING_MS = 2500

const form = () => document.querySelector("#composer")
const box = () => document.querySelector("#composer-text")

let seen = "" // the newest message that the writer knew of
const keep = (change, options) => drafts.keep(form(), change, options)

/** Prepare the box of a conversation that was just drawn. */
export function begin() {
  if (!form()) return
  editing = null
  seen = thread.newestId()
  draw(drafts.opened(form(), box()))
  options.begin()
  uploads.begin(form())
}

function draw(draft) {
  box().value = draft.text
  drawQuoted(draft.quoted)
  drawMode(draft.asNote ? "note" : "message")
  grow()
}

export const focus = () => box()?.focus({ preventScroll: true })

function grow() {
  if (CSS.supports("field-sizing", "content")) return
  box().style.height = "auto"
  box().style.height = `${box().scrollHeight}px`
}

// --- What it will be: a message, a reply, a note, another text of one that was sent ------------------------------------------

const mode = () => form()?.dataset.mode ?? ""

function drawMode(name) {
  const area = form()
  const note = name === "note" || area.dataset.only === "note"
  area.dataset.mode = name === "edit" ? "edit" : note ? "note" : "message"
  for (const button of area.querySelectorAll("[data-mode-to]")) button.ariaPressed = String(button.dataset.modeTo === area.dataset.mode)
  const { forMessage, forNote } = box().dataset
  box().placeholder = note ? forNote : forMessage
  box().ariaLabel = note ? box().dataset.labelNote : box().dataset.labelMessage
  const { words, wordsNote, wordsEdit } = area.querySelector(".send").dataset
  const label = { note: wordsNote, edit: wordsEdit }[area.dataset.mode] ?? words
  area.querySelector(".send .word").textContent = label
  area.querySelector(".send").ariaLabel = label
}

function drawQuoted(quoted) {
  const chip = form().querySelector(".reply-chip")
  chip.hidden = !quoted
  chip.querySelector("b").textContent = quoted?.name ?? ""
  chip.querySelector("span").textContent = quoted?.text ?? ""
}

const textOf = (message) => (message.querySelector(".text") ?? message.querySelector(".bubble"))?.textContent.replace(/\s+/g, " ").trim() ?? ""

/** Answer this message. */
export function reply(message) {
  if (!form() || !message?.dataset.id || message.classList.contains("note")) return
  stopEditing()
  const name = message.querySelector(".author")?.textContent.trim() || gettext("Message")
  const quoted = { id: message.dataset.id, name, text: textOf(message).slice(0, 200) }
  draw(keep({ quoted, asNote: false }))
  focus()
}

/** Write to the team, or to the customer again. */
function turn(name) {
  if (mode() === "edit") stopEditing()
  const asNote = name === "note" && mode() !== "note"
  draw(keep({ text: box().value, asNote, ...(asNote ? { quoted: null } : {}) }))
  focus()
}

let editing = null // {save, draft}

/** Change the text of `message`; `save(text)` is true when the server took it. */
export function edit(message, save) {
  if (!form()) return
  stopEditing()
  editing = { save }
  box().value = message.querySelector(".text")?.textContent ?? ""
  drawQuoted({ name: gettext("Change the text"), text: textOf(message).slice(0, 200) })
  drawMode("edit")
  form().classList.toggle("of-note", message.classList.contains("note"))
  grow()
  focus()
}

function stopEditing() {
  if (!editing) return false
  editing = null
  form().classList.remove("of-note")
  draw(drafts.of(form().dataset.chat))
  return true
}

async function saveEdit() {
  const { save: take } = editing
  const text = box().value
  if (!text.trim()) return hint(gettext("Write something, or press Esc to leave it as it was."))
  if (await take(text)) stopEditing()
  focus()
}

/** Put back what was taken back, unless something else is being written. */
export function restore(text) {
  if (!form() || box().value.trim() || !text) return
  draw(keep({ text }))
  focus()
}

// --- Sending -----------------------------------------------------------------------------------------------------------

const MISSING = /\{\{\s*\w+\s*\}\}/
let warned = ""

function submit({ dueAt = "", anyway = false } = {}) {
  if (editing) return saveEdit()
  const text = box().value
  const note = mode() === "note"
  const { ready, busy } = note ? { ready: [] } : uploads.state(form())
  if (busy) return hint(gettext("Still uploading"))
  if (!text.trim() && !ready.length) return
  const missing = !note && text.match(MISSING)
  if (missing && warned !== text) {
    warned = text
    box().setSelectionRange(missing.index, missing.index + missing[0].length)
    focus()
    return hint(gettext("Fill in {name} first, or send again as it is.", { name: missing[0] }))
  }
  const { chat } = form().dataset
  const draft = keep({ text }, { dirty: false })
  const common = { chat, dueAt, url: form().action, quoted: draft.quoted, seen: anyway ? "" : seen }
  const entries = ready.length
    ? ready.map((upload, nth) => ({
        ...common,
        clientId: nth ? `${draft.clientId}-${nth}` : draft.clientId,
        text: nth ? "" : text,
        quoted: nth ? null : draft.quoted,
        seen: nth ? "" : common.seen,
        attachment: { id: upload.id, name: upload.name },
      }))
    : [{ ...common, clientId: draft.clientId, text, ...(note ? { note, url: form().dataset.noteUrl } : {}) }]
  clear()
  for (const entry of entries) send(entry)
}

function clear() {
  drafts.forget(form())
  seen = thread.newestId()
  if (mode() !== "note") uploads.clear(form())
  draw({ text: "", quoted: null, asNote: false })
  ask_guard("")
  hint("")
  typing(false)
  focus()
}

/** Somebody wrote meanwhile: the message comes back into the box, with a question. Returns whether there was room. */
onMovedOn((entry, html) => {
  if (form()?.dataset.chat !== entry.chat || box().value.trim() || entry.attachment) return false
  draw(keep({ text: entry.text, quoted: entry.quoted, clientId: entry.clientId, asNote: false }))
  ask_guard(html)
  return true
})

function ask_guard(html) {
  const place = form().querySelector(".guard-place")
  place.replaceChildren(nodesOf(html))
  writeTimes(place)
  place.querySelector("[data-guard=send]")?.focus()
}

function hint(words) {
  const place = form().querySelector(".hint")
  place.dataset.usual ??= place.innerHTML
  if (words) place.textContent = words
  else place.replaceChildren(nodesOf(place.dataset.usual))
}

document.addEventListener("submit", (event) => {
  if (event.target.id !== "composer") return
  event.preventDefault()
  submit()
})

document.addEventListener("keydown", (event) => {
  if (event.target.id !== "composer-text" || event.isComposing || event.keyCode === 229) return
  if (options.key(event)) return event.stopPropagation()
  if (event.key === "Escape" && stopEditing()) return event.stopPropagation()
  if (event.key !== "Enter") return
  const entersSend = document.querySelector("#inbox").dataset.enterSends === "yes"
  const modified = event.ctrlKey || event.metaKey
  if (event.altKey || (entersSend ? event.shiftKey : !modified)) return
  event.preventDefault()
  if (!event.repeat) submit()
}, { capture: true })

document.addEventListener("input", (event) => {
  if (event.target.id !== "composer-text") return
  if (thread.atEnd() && !document.hidden) seen = thread.newestId(drafts.text() ? SEEN_MS : 0) || seen
  if (!editing) keep({ text: event.target.value })
  hint("")
  grow()
  typing(Boolean(event.target.value) && !editing)
  options.look(box(), mode())
})

addEventListener("storage", (event) => {
  if (!form() || editing || !drafts.concerns(event, form().dataset.chat)) return
  const draft = drafts.of(form().dataset.chat)
  if (document.activeElement === box() && draft.text && document.hasFocus()) return // two are writing: neither is overwritten
  if (draft.text !== box().value || mode() !== (draft.asNote ? "note" : "message") || draft.quoted) draw(draft)
})

document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest?.(selector)
  let found
  if (hit("[data-no-reply]")) {
    if (!stopEditing()) draw(keep({ quoted: null }))
    focus()
  } else if ((found = hit("[data-mode-to]"))) turn(found.dataset.modeTo)
  else if ((found = hit("[data-write-note]"))) {
    found.closest(".cannot").hidden = true
    form().hidden = false
    turn("note")
  } else if ((found = hit("#emoji-button"))) pick(found, insert)
  else if (hit("[data-quick]")) insert(/(^|\s)$/.test(box().value.slice(0, box().selectionStart)) ? "/" : " /")
  else if ((found = hit("[data-later]"))) {
    if (!box().value.trim() && !uploads.state(form()).ready.length) {
      hint(gettext("Write the message first."))
      focus()
    } else schedule.choose(found, (at) => submit({ dueAt: at.toISOString() }))
  } else if ((found = hit("[data-guard]"))) {
    const { guard, newest } = found.dataset
    ask_guard("")
    if (guard === "send") return submit({ anyway: true })
    seen = newest
    thread.toEnd().then(() => thread.jump(newest, () => {}))
    focus()
  }
})

/** Put an emoji, or anything, where the cursor stands. */
export function insert(text) {
  const area = box()
  area.setRangeText(text, area.selectionStart, area.selectionEnd, "end")
  area.dispatchEvent(new Event("input", { bubbles: true }))
  focus()
}

// --- Others see that somebody types ----------------------------------------------------------------------------------------

let tell = () => {}
let told = 0
/** Called with true now and then while somebody types, with false when they stop, and with what it will be. */
export const onTyping = (handler) => (tell = handler)

function typing(on) {
  if (on ? Date.now() - told < TYPING_MS : !told) return
  told = on ? Date.now() : 0
  tell(on, mode())
}

uploads.onChange((chat) => form()?.dataset.chat === chat && hint(""))
