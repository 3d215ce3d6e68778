// What is typed and not sent: first on this device, with the client id that the message will have; then on the server,
// so that it is there on other devices too.

import { ask, bodyOf, gettext, me } from "./app.js"

const SAVE_MS = 700
const FRESH_MS = 10_000 // a page drawn before the server had heard of a draft does not take it away

const keyOf = (chat) => `waybill:draft:${me.member}:${chat}`
const newId = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`
const stored = (chat) => JSON.parse(localStorage.getItem(keyOf(chat)) ?? "null")

// Another tab may have sent and cleared the draft a moment before this one hears of it: what stands here is still that one.
let shown = {}

/** Whether an event of the storage is about this chat. */
export const concerns = (event, chat) => event.key === keyOf(chat)

/** What was last drawn or typed here. */
export const text = () => shown.text ?? ""

/** The draft of a chat: {text, clientId, quoted, asNote}. */
export function of(chat) {
  const draft = stored(chat) ?? { text: "", clientId: "", quoted: null, asNote: false }
  shown = { ...draft, chat }
  return draft
}

/** Change the draft of the form's chat; `dirty` means that the server does not know it yet. */
export function keep(form, change, { dirty = true } = {}) {
  const { chat, draftUrl } = form.dataset
  const before = shown
  const draft = { ...of(chat), ...change, dirty }
  if (!draft.clientId && before.chat === chat && before.text === draft.text) draft.clientId = before.clientId
  draft.clientId ||= newId()
  if (draft.text || draft.quoted) localStorage.setItem(keyOf(chat), JSON.stringify(draft))
  else localStorage.removeItem(keyOf(chat))
  shown = { ...draft, chat }
  if (dirty) saveSoon(chat, draftUrl)
  return draft
}

/** The draft to show in a form that was just drawn, of those that are known here and there. */
export function opened(form, box) {
  const { chat, quoted, quotedName, quotedText, asNote } = form.dataset
  const early = box.value === box.defaultValue ? "" : box.value // written before this script was there: it wins
  const mine = stored(chat)
  if (early) return keep(form, { text: early })
  if (mine && (mine.dirty !== false || Date.now() - mine.savedAt < FRESH_MS)) return keep(form, {}, { dirty: mine.dirty !== false })
  if (box.defaultValue || quoted) {
    const theirs = { text: box.defaultValue, asNote: asNote === "yes", quoted: quoted ? { id: quoted, name: quotedName, text: quotedText } : null }
    return keep(form, { ...theirs, ...(mine?.text === theirs.text ? {} : { clientId: "" }) }, { dirty: false })
  }
  localStorage.removeItem(keyOf(chat)) // sent or emptied on another device
  return of(chat)
}

/** It was sent: the server forgets it with the message itself. */
export function forget(form) {
  const { chat, draftUrl } = form.dataset
  clearTimeout(waiting.get(chat)?.[0])
  waiting.delete(chat)
  localStorage.removeItem(keyOf(chat))
  shown = {}
  row(chat, "")
  if (underWay.get(chat)) saveSoon(chat, draftUrl) // it must not have the last word
}

// --- To the server -----------------------------------------------------------------------------------------------------

const waiting = new Map() // chat: [timer, url]
const underWay = new Map() // chat: how many saves
let saving = Promise.resolve()

function saveSoon(chat, url) {
  clearTimeout(waiting.get(chat)?.[0])
  waiting.set(chat, [setTimeout(() => save(chat, url), SAVE_MS), url])
}

function save(chat, url) {
  clearTimeout(waiting.get(chat)?.[0])
  waiting.delete(chat)
  const draft = stored(chat) ?? { text: "" }
  const body = bodyOf({ text: draft.text, as_note: draft.asNote ? "1" : "", quoted: draft.quoted?.id })
  row(chat, draft.text)
  underWay.set(chat, (underWay.get(chat) ?? 0) + 1)
  saving = saving
    .then(() => ask(url, { method: "POST", body, keepalive: document.hidden }))
    .then(() => {
      const now = stored(chat)
      if (now?.text === draft.text) localStorage.setItem(keyOf(chat), JSON.stringify({ ...now, dirty: false, savedAt: Date.now() }))
    })
    .catch(() => {}) // it is kept here, and saved with the next letter or the next visit
    .finally(() => underWay.set(chat, underWay.get(chat) - 1))
}

/** What the list shows of it. */
function row(chat, words) {
  const place = document.querySelector(`#chat-${chat} .under`)
  if (!place) return
  if (words.trim()) place.dataset.draft = gettext("Draft: {text}", { text: words.replace(/\s+/g, " ").slice(0, 120) })
  else delete place.dataset.draft
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) for (const [chat, [, url]] of [...waiting]) save(chat, url)
})
