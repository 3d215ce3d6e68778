// What was written here and is not at the server yet. It lives in localStorage, so neither a refresh nor a day without
// a network loses it; one tab at a time sends; the server knows each message by its client id, so none arrives twice.

import { Refused, ask, bodyOf, complain, element, gettext, me, nodesOf } from "./app.js"
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
  const cut = { className: "cut" }
  if (entry.quoted) meta.before(element("p", { className: "quote" }, element("b", cut, entry.quoted.name), element("span", cut, entry.quoted.text)))
  if (entry.attachment) meta.before(element("p", { className: "kind" }, entry.attachment.name))
  if (entry.text) meta.before(element("div", { className: "text", dir: "auto" }, entry.text))
  if (entry.refused) bubble.append(verdictOf(entry))
  return bubble
}

function verdictOf(entry) {
  const again = () => {
    change(entry.clientId, (known) => [{ ...known, refused: "" }])
    current().querySelector(`[data-client-id="${CSS.escape(entry.clientId)}"]`)?.remove()
    draw()
    flush()
  }
  const discard = () => {
    change(entry.clientId, () => [])
    draw()
    changed()
  }
  const button = (className, onclick, words) => element("button", { type: "button", className, onclick }, words)
  const acts = element("p", { className: "acts" }, button("btn small", again, gettext("Try again")), button("btn small quiet", discard, gettext("Discard")))
  const box = element("div", {}, element("b", {}, gettext("Not sent")), element("p", {}, entry.refused), acts)
  return element("div", { className: "verdict bad" }, box)
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
          complain(error)
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

const formOf = ({ clientId, text, quoted, dueAt, seen, attachment }) =>
  bodyOf({ client_id: clientId, text, quoted: quoted?.id, due_at: dueAt, seen, attachment: attachment?.id })

addEventListener("storage", (event) => {
  if (event.key !== KEY) return
  draw()
  changed()
})
addEventListener("online", flush)
