// What was written here and is not at the server yet. It lives in localStorage, so neither a refresh nor a day without
// a network loses it; one tab at a time sends; the server knows each message by its client id, so none arrives twice.

import { Refused, ask, gettext, me, nodesOf, notice } from "./app.js"
import { current, decorate, toEnd, upsert } from "./thread.js"

const KEY = `waybill:outgoing:${me.member}`
const RETRY_MS = 4000

const read = () => JSON.parse(localStorage.getItem(KEY) ?? "[]")
const write = (entries) => localStorage.setItem(KEY, JSON.stringify(entries))
const change = (clientId, how) => write(read().flatMap((entry) => (entry.clientId === clientId ? how(entry) : [entry])))

let changed = () => {}
/** Called whenever the number of waiting messages changes. */
export const onChange = (handler) => (changed = handler)
export const waiting = () => read().filter((entry) => !entry.refused).length

let movedOn = () => false
/** Called with an entry and a question when somebody else wrote before it was sent; true when it was taken back. */
export const onMovedOn = (handler) => (movedOn = handler)

/** entry: {clientId, chat, url, text, note?, dueAt?, seen?, quoted: {id, name, text}?, attachment: {id, name}?} */
export function send(entry) {
  const entries = read()
  if (entries.some((known) => known.clientId === entry.clientId)) return
  write([...entries, { ...entry, at: new Date().toISOString() }])
  draw()
  toEnd()
  changed()
  flush()
}

/** Draw what waits for the open chat, and take away what waits no more. */
export function draw() {
  const thread = current()
  if (!thread) return
  const mine = read().filter((entry) => entry.chat === thread.dataset.chat)
  const waits = new Set(mine.map((entry) => entry.clientId))
  for (const bubble of thread.querySelectorAll(".message.local")) {
    if (!waits.has(bubble.dataset.clientId)) bubble.remove()
  }
  for (const entry of mine) {
    const known = thread.querySelector(`[data-client-id="${CSS.escape(entry.clientId)}"]`)
    if (known && (known.dataset.id || !entry.refused || known.querySelector(".verdict"))) continue
    known?.remove()
    thread.append(bubbleOf(entry))
  }
  decorate(thread)
}

function bubbleOf(entry) {
  const bubble = document.querySelector(entry.note ? "#pending-note" : "#pending-message").content.querySelector(".message").cloneNode(true)
  bubble.classList.add("local")
  Object.assign(bubble.dataset, { clientId: entry.clientId, at: entry.at, place: `~${entry.at}`, version: "0" })
  const time = bubble.querySelector("time")
  time.dateTime = entry.at
  time.textContent = ""
  bubble.querySelector(".tools")?.remove()
  const meta = bubble.querySelector(".meta")
  if (entry.quoted) meta.before(words("p", "quote", words("b", "cut", entry.quoted.name), words("span", "cut", entry.quoted.text)))
  if (entry.attachment) meta.before(words("p", "kind", entry.attachment.name))
  const text = words("div", "text", entry.text)
  text.dir = "auto"
  if (entry.text) meta.before(text)
  if (entry.refused) bubble.append(verdictOf(entry))
  return bubble
}

function words(name, className, ...content) {
  const element = document.createElement(name)
  element.className = className
  element.append(...content)
  return element
}

function verdictOf(entry) {
  const again = words("button", "btn small", gettext("Try again"))
  const discard = words("button", "btn small quiet", gettext("Discard"))
  again.onclick = () => {
    change(entry.clientId, (known) => [{ ...known, refused: "" }])
    current().querySelector(`[data-client-id="${CSS.escape(entry.clientId)}"]`)?.remove()
    draw()
    flush()
  }
  discard.onclick = () => {
    change(entry.clientId, () => [])
    draw()
    changed()
  }
  for (const button of [again, discard]) button.type = "button"
  const box = words("div", "", words("b", "", gettext("Not sent")), words("p", "", entry.refused), words("p", "acts", again, discard))
  return words("div", "verdict bad", box)
}

let timer = 0

/** Send what waits, in the order in which it was written. */
export function flush() {
  clearTimeout(timer)
  return navigator.locks.request(KEY, { mode: "exclusive" }, async () => {
    for (let entry = next(); entry; entry = next()) {
      try {
        const answer = await ask(entry.url, { method: "POST", body: formOf(entry) })
        const fresh = nodesOf(await answer.text()).querySelector(".message")
        const thread = current()
        if (thread?.dataset.chat === entry.chat) upsert(fresh, thread)
        change(entry.clientId, () => [])
      } catch (error) {
        if (!(error instanceof Refused) || error.status >= 500) {
          timer = setTimeout(flush, RETRY_MS)
          break
        }
        if (error.status === 401) {
          notice(error.message, { bad: true, place: error.place })
          break
        }
        if (error.html && movedOn(entry, error.html)) change(entry.clientId, () => [])
        else change(entry.clientId, (known) => [{ ...known, seen: "", refused: error.html ? gettext("Somebody wrote here meanwhile. Read it first.") : error.message }])
        draw()
      }
      changed()
    }
    changed()
  })
}

const next = () => read().find((entry) => !entry.refused)

function formOf(entry) {
  const form = new FormData()
  form.set("client_id", entry.clientId)
  form.set("text", entry.text)
  if (entry.quoted) form.set("quoted", entry.quoted.id)
  if (entry.dueAt) form.set("due_at", entry.dueAt)
  if (entry.seen) form.set("seen", entry.seen)
  if (entry.attachment) form.set("attachment", entry.attachment.id)
  return form
}

addEventListener("storage", (event) => {
  if (event.key !== KEY) return
  draw()
  changed()
})
addEventListener("online", flush)
