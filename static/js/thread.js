// The open conversation: messages in order, grouped by author and day, and a place in it that never jumps.

import { ask, dayName, gettext, nodesOf, notice, writeTimes } from "./app.js"

const GROUP_MS = 5 * 60_000
const NEAR_END = 40 // px from the bottom that still count as being there

export const current = () => document.querySelector("#thread")
const scroller = () => document.querySelector("#thread-scroller")
const messagesOf = (thread) => [...thread.querySelectorAll(":scope > .message")]
const byId = (id) => document.getElementById(`message-${id}`)
const byClientId = (thread, clientId) =>
  clientId ? thread.querySelector(`[data-client-id="${CSS.escape(clientId)}"]`) : null

export function atEnd() {
  const box = scroller()
  return !box || (box.scrollTop > -NEAR_END && !current().dataset.newer)
}

/** The newest message, by when it was written down here; with `sinceMs` only those that stood here so long. */
export function newestId(sinceMs = 0) {
  const old = (message) => !message.arrived || Date.now() - message.arrived >= sinceMs
  const known = messagesOf(current()).filter((message) => message.dataset.id && !message.classList.contains("note") && old(message))
  return known.reduce((newest, { dataset }) => (dataset.id > newest ? dataset.id : newest), "")
}

/** Put the focus on the message after (1) or before (-1) this one; without one, on the newest in sight. */
export function step(from, by) {
  const all = messagesOf(current())
  const next = from ? all[all.indexOf(from) + by] : all.at(-1)
  next?.focus({ preventScroll: true })
  next?.scrollIntoView({ block: "nearest" })
}

/** Change the thread without moving what the reader looks at; who stands at the end stays at the end. */
function holding(change) {
  const box = scroller()
  if (box.scrollTop > -NEAR_END) {
    change()
    box.scrollTop = 0
    return
  }
  const top = box.getBoundingClientRect().top
  const anchor = messagesOf(current()).find((message) => message.getBoundingClientRect().bottom > top)
  const before = anchor?.getBoundingClientRect().top
  change()
  const now = anchor?.isConnected ? anchor : anchor && byId(anchor.dataset.id)
  if (now) box.scrollTop += now.getBoundingClientRect().top - before
}

// --- Day lines, groups, the unread line ------------------------------------------------------------------------------

export function decorate(thread = current()) {
  if (!thread) return
  for (const line of thread.querySelectorAll(":scope > .day, :scope > .unread-line")) line.remove()
  let last = null
  for (const message of messagesOf(thread)) {
    const at = new Date(message.dataset.at)
    const sameDay = last && at.toDateString() === last.at.toDateString()
    if (!sameDay) {
      const line = document.querySelector("#day-line").content.firstElementChild.cloneNode(true)
      line.firstElementChild.textContent = dayName(at)
      message.before(line)
    }
    const unread = message.dataset.id && message.dataset.id === thread.dataset.unreadFrom
    if (unread) message.before(document.querySelector("#unread-line").content.firstElementChild.cloneNode(true))
    const joined = sameDay && !unread && last.author === message.dataset.author && at - last.at < GROUP_MS && !last.verdict
    message.classList.toggle("joined", Boolean(joined))
    last = { at, author: message.dataset.author, verdict: message.querySelector(":scope > .verdict, :scope > .deed") }
  }
  for (const tick of thread.querySelectorAll("[data-word-at]")) {
    const at = new Date(tick.dataset.wordAt)
    tick.title = `${tick.dataset.word}, ${dayName(at)} ${at.toLocaleTimeString(undefined, { hourCycle: "h23" })}`
  }
  writeTimes(thread)
}

/** Prepare a conversation that was just drawn by the server. */
export function begin() {
  const thread = current()
  if (!thread) return
  const unread = messagesOf(thread).find(
    (message) => message.matches(".theirs:not(.past)") && message.dataset.id > thread.dataset.readUpTo,
  )
  thread.dataset.unreadFrom = unread?.dataset.id ?? ""
  thread.dataset.count = "0"
  decorate(thread)
  const wanted = new URLSearchParams(location.search).get("at")
  if (wanted && byId(wanted)) show(byId(wanted))
  else if (unread) thread.querySelector(".unread-line")?.scrollIntoView({ block: "center" })
  scroller().addEventListener("scroll", scrolled, { passive: true })
  document.querySelector("#pill").addEventListener("click", toEnd)
  drawPill()
}

// --- One message in ----------------------------------------------------------------------------------------------------

/** Put a message in, or replace the one it is; older versions are dropped. Returns it when it is new here. */
export function upsert(fresh, thread = current()) {
  const { id, clientId, version, place } = fresh.dataset
  const old = byId(id) ?? byClientId(thread, clientId)
  if (old?.dataset.id && Number(old.dataset.version) >= Number(version)) return null
  const all = messagesOf(thread).filter((message) => message !== old)
  const beyond = thread.dataset.newer && place > (all.at(-1)?.dataset.place ?? "")
  const before = thread.dataset.older && all[0] && place < all[0].dataset.place
  if (!old && before) return null
  if (!old && beyond) return fresh
  holding(() => {
    const focused = old?.contains(document.activeElement) ? document.activeElement : null
    const next = all.find((message) => message.dataset.place > place)
    for (const sounds of old?.querySelectorAll(".player, .clip") ?? []) { // what plays goes on
      fresh.querySelector(`[data-file="${sounds.dataset.file}"]`)?.replaceWith(sounds)
    }
    old?.remove()
    if (next) next.before(fresh)
    else thread.append(fresh)
    if (focused) (focused.dataset.deed && fresh.querySelector(`[data-deed="${focused.dataset.deed}"]`) || fresh).focus()
    decorate(thread)
  })
  return old ? null : fresh
}

/** A message as it came over the socket. */
export function receive(html) {
  const thread = current()
  const fresh = nodesOf(html).querySelector(".message")
  fresh.arrived = byId(fresh.dataset.id)?.arrived ?? Date.now()
  const wasAtEnd = atEnd()
  const added = upsert(fresh, thread)
  if (!added) return
  if (added.classList.contains("theirs") || added.classList.contains("note")) {
    document.querySelector("#news").textContent = added.querySelector(".bubble")?.textContent.replace(/\s+/g, " ").trim() ?? ""
    if (!thread.dataset.unreadFrom && document.hidden) thread.dataset.unreadFrom = added.dataset.id
  }
  if (wasAtEnd && !document.hidden) markRead()
  else thread.dataset.count = String(Number(thread.dataset.count) + 1)
  drawPill()
}

export function removed(ids) {
  holding(() => {
    for (const id of ids) byId(id)?.remove()
    decorate()
  })
}

// --- More of it --------------------------------------------------------------------------------------------------------

let loading = false

async function load(query, put) {
  const thread = current()
  if (loading || !thread) return
  loading = true
  try {
    const answer = await ask(`${thread.dataset.url}?${new URLSearchParams(query)}`)
    const html = await answer.text()
    if (!thread.isConnected) return
    put(thread, [...nodesOf(html).querySelectorAll(".message")], answer.headers)
    setTimeout(() => thread.isConnected && scrolled()) // the reader may have reached an end meanwhile
  } catch (error) {
    if (!(error instanceof TypeError)) notice(error.message, { bad: true, place: error.place })
  } finally {
    loading = false
  }
}

function scrolled() {
  const box = scroller()
  const thread = current()
  if (box.scrollHeight - box.clientHeight + box.scrollTop < 600 && thread.dataset.older) older()
  if (box.scrollTop > -200 && thread.dataset.newer) newer()
  if (atEnd() && !document.hidden) {
    if (thread.dataset.count !== "0") markRead()
    thread.dataset.count = "0"
  }
  drawPill()
}

const older = () =>
  load({ older: current().dataset.older }, (thread, messages, headers) => {
    holding(() => {
      thread.prepend(...messages.filter((message) => !byId(message.dataset.id)))
      thread.dataset.older = headers.get("X-Older") ?? ""
      decorate(thread)
    })
  })

const newer = () =>
  load({ newer: current().dataset.newer }, (thread, messages, headers) => {
    thread.dataset.newer = headers.get("X-Newer") ?? ""
    const box = scroller()
    const [top, height] = [box.scrollTop, box.scrollHeight]
    thread.append(...messages.filter((message) => !byId(message.dataset.id)))
    decorate(thread)
    box.scrollTop = top - (box.scrollHeight - height)
  })

/** After a gap: make what is shown equal to what a reload would show. */
export async function catchUp() {
  const thread = current()
  if (!thread || thread.dataset.newer) return
  while (loading) await new Promise((resolve) => setTimeout(resolve, 50))
  const first = messagesOf(thread).find((message) => message.dataset.id)
  await load(first ? { from: first.dataset.id } : {}, (same, messages, headers) => {
    if (same !== thread) return
    const kept = new Set(messages.map((message) => message.dataset.id))
    const stale = messagesOf(thread).filter((message) => message.dataset.id && !kept.has(message.dataset.id))
    if (headers.get("X-Older") !== null) thread.dataset.older = headers.get("X-Older")
    removed(stale.map((message) => message.dataset.id))
    const known = messagesOf(thread).length
    for (const message of messages) upsert(message, thread)
    thread.dataset.readAt = headers.get("X-Read-At") ?? thread.dataset.readAt
    const added = messagesOf(thread).length - known
    if (added > 0 && !atEnd()) thread.dataset.count = String(Number(thread.dataset.count) + added)
    else if (added > 0 && !document.hidden) markRead()
    drawPill()
  })
}

// --- Going somewhere ---------------------------------------------------------------------------------------------------

function show(message) {
  message.scrollIntoView({ block: "center" })
  message.focus({ preventScroll: true })
  message.classList.add("found")
  setTimeout(() => message.classList.remove("found"), 1600)
}

/** To a message that a quote names; asks for its surroundings when it is not loaded. */
export function jump(id, elsewhere) {
  const message = byId(id)
  if (message) show(message)
  else elsewhere(id)
}

export async function toEnd() {
  const thread = current()
  if (thread.dataset.newer) {
    await load({}, (same, messages, headers) => {
      thread.replaceChildren(...messages)
      thread.dataset.newer = ""
      thread.dataset.older = headers.get("X-Older") ?? ""
      decorate(thread)
    })
  }
  scroller().scrollTop = 0
  thread.dataset.count = "0"
  drawPill()
  markRead()
}

function drawPill() {
  const pill = document.querySelector("#pill")
  const thread = current()
  if (!pill || !thread) return
  const count = Number(thread.dataset.count ?? 0)
  const far = scroller().scrollTop < -600 || thread.dataset.newer
  pill.hidden = atEnd() || (!count && !far)
  pill.querySelector("span").textContent = count ? gettext("{n} new", { n: count }) : gettext("Newest")
}

const reading = new Set()

/** Tell the server that the reader has seen the end; at most once in a moment, and only from a page in sight. */
export function markRead() {
  const { read } = current()?.dataset ?? {}
  if (!read || reading.has(read) || document.hidden || document.querySelector("#inbox").dataset.mayWrite !== "yes") return
  reading.add(read)
  setTimeout(() => {
    reading.delete(read)
    ask(read, { method: "POST" }).catch(() => {}) // seen again at the next message or the next visit
  }, 250)
}

begin()
