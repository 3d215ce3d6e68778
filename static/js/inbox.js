// The inbox page: opens chats in place, hears the socket, and leads deeds and keys to where they belong.

import { ask, me, nodesOf, notice, writeTimes } from "./app.js"
import * as composer from "./composer.js"
import * as list from "./list.js"
import * as outgoing from "./outgoing.js"
import { Socket } from "./socket.js"
import * as thread from "./thread.js"

const inbox = document.querySelector("#inbox")
const conversation = document.querySelector("#conversation")
const side = document.querySelector("#side")
const emoji = document.querySelector("#emoji")
const SKELETON_MS = 300
const touch = matchMedia("(pointer: coarse)")

// --- Opening a chat ----------------------------------------------------------------------------------------------------

let opening = new AbortController()
let joinedAt = ""

async function open(url, { push = true } = {}) {
  opening.abort()
  opening = new AbortController()
  const { signal } = opening
  const address = new URL(url, location.href)
  const chat = address.pathname.match(/inbox\/([0-9a-f-]{36})\//)?.[1] ?? ""
  if (push) {
    for (const [name, value] of list.query()) address.searchParams.set(name, value)
    history.pushState({}, "", address)
  }
  list.select(chat)
  closeSide({ refocus: false })
  joinedAt = ""
  socket.follow(chat || null)
  if (!chat) return leave()
  conversation.dataset.chat = chat
  const slow = setTimeout(() => conversation.replaceChildren(skeleton()), SKELETON_MS)
  try {
    const answer = await ask(address, { signal })
    conversation.replaceChildren(nodesOf(await answer.text()))
    began()
    if (!touch.matches && !address.searchParams.has("at")) composer.focus()
    if (!conversation.contains(document.activeElement)) conversation.focus({ preventScroll: true })
  } catch (error) {
    if (signal.aborted) return
    if (error.place) location.href = error.place
    else conversation.replaceChildren(trouble(error, () => open(url, { push: false })))
  } finally {
    clearTimeout(slow)
  }
}

function began() {
  window.htmx?.process(conversation)
  writeTimes(conversation)
  thread.begin()
  composer.begin()
  outgoing.draw()
  list.title()
  if (thread.atEnd()) thread.markRead()
  if (joinedAt > thread.current().dataset.readAt) thread.catchUp()
}

function leave() {
  delete conversation.dataset.chat
  conversation.replaceChildren()
  list.title()
}

function skeleton() {
  const holder = document.createElement("div")
  holder.className = "empty"
  holder.append("Opening…")
  return holder
}

function trouble(error, again) {
  const holder = document.createElement("div")
  holder.className = "empty"
  const title = document.createElement("h2")
  title.append(error.status === 404 ? "This chat is not here" : "The chat did not open")
  const words = document.createElement("p")
  words.append(error.status === 404 ? "It may have been removed, or it belongs to another workspace." : "Waybill did not answer. What you typed is safe.")
  const button = document.createElement("button")
  button.className = "btn primary"
  button.append("Try again")
  button.onclick = again
  holder.append(title, words, button)
  return holder
}

addEventListener("popstate", () => open(location.href, { push: false }))

// --- The side: details and timelines -----------------------------------------------------------------------------------

let opener = null

async function openSide(link) {
  if (side.dataset.url === link.href && !side.hidden) return closeSide()
  try {
    const answer = await ask(link.href)
    side.replaceChildren(nodesOf(await answer.text()))
    window.htmx?.process(side)
    writeTimes(side)
    opener = link.closest(".message") ? `#${link.closest(".message").id} .tick` : `a[href="${link.getAttribute("href")}"]`
    side.dataset.url = link.href
    side.hidden = false
    side.focus()
  } catch (error) {
    notice(error.message, { bad: true, place: error.place })
  }
}

function closeSide({ refocus = true } = {}) {
  if (side.hidden) return false
  side.hidden = true
  side.replaceChildren()
  if (refocus) (document.querySelector(opener) ?? conversation).focus()
  return true
}

async function refreshSide() {
  if (side.hidden || !side.dataset.url.includes("/timeline/")) return
  const answer = await ask(side.dataset.url).catch(() => null)
  if (!answer || side.hidden) return
  const focused = side.contains(document.activeElement)
  side.replaceChildren(nodesOf(await answer.text()))
  writeTimes(side)
  if (focused) side.focus()
}

// --- Deeds on messages -------------------------------------------------------------------------------------------------

async function deed(button) {
  const { id } = button.closest("[data-id]").dataset
  button.disabled = true
  await change(`${inbox.dataset.messages}${id}/${button.dataset.deed}/`)
  button.disabled = false
}

async function change(url, body) {
  try {
    const answer = await ask(url, { method: "POST", body })
    const fresh = nodesOf(await answer.text()).querySelector(".message")
    if (thread.current()) thread.upsert(fresh)
    await refreshSide()
  } catch (error) {
    notice(error.message, { bad: true, place: error.place })
  }
}

let reacting = null

function pickEmoji(character) {
  emoji.hidePopover()
  if (!reacting) return composer.insert(character)
  const body = new FormData()
  body.set("emoji", character)
  change(`${inbox.dataset.messages}${reacting}/reaction/`, body)
  document.getElementById(`message-${reacting}`)?.focus()
  reacting = null
}

document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest(selector)
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey
  let found
  if (plain && (found = hit("[data-open], [data-back]"))) {
    event.preventDefault()
    open(found.href)
  } else if (plain && (found = hit("a[data-side][href]"))) {
    event.preventDefault()
    openSide(found)
  } else if (hit("[data-close-side]")) closeSide()
  else if ((found = hit("[data-deed]"))) deed(found)
  else if ((found = hit("[data-jump]"))) {
    event.preventDefault()
    thread.jump(found.dataset.jump, (id) => open(`${location.pathname}?at=${id}`))
  } else if ((found = hit("[data-unfold]"))) {
    found.previousElementSibling.classList.add("open")
    found.remove()
  } else if ((found = hit("[data-react]"))) {
    reacting = found.closest(".message").dataset.id
    emoji.showPopover()
    emoji.querySelector("button").focus()
  } else if (hit("#emoji-button")) reacting = null
  else if ((found = hit("[data-emoji]"))) pickEmoji(found.dataset.emoji)
  else if (plain && (found = hit("[data-lightbox]"))) {
    event.preventDefault()
    const box = document.querySelector("#lightbox")
    box.querySelector("img").src = found.href
    box.showModal()
  } else if ((found = hit("dialog [data-close], .lightbox"))) found.closest("dialog").close()
})

// --- Keys --------------------------------------------------------------------------------------------------------------

const KEYS = {
  "/": () => document.querySelector("#search").select(),
  j: () => list.step(1),
  k: () => list.step(-1),
  r: () => composer.reply([...document.querySelectorAll("#thread > .theirs[data-id]")].at(-1)),
  a: () => document.querySelector(".assignee")?.click(),
  "?": () => document.querySelector("#keys").showModal(),
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "k") {
    event.preventDefault()
    return KEYS["/"]()
  }
  if (event.key === "Escape") return back(event)
  const typing = event.target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, dialog, [popover]")
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return
  event.preventDefault()
  KEYS[event.key]()
})

function back(event) {
  if (event.target.closest("dialog, [popover]") || closeSide()) return
  if (event.target.id === "search" && event.target.value) return
  if (event.target.id === "composer-text" || event.target.id === "search") return event.target.blur()
  const link = list.select(conversation.dataset.chat)
  if (conversation.dataset.chat) open(inbox.dataset.url)
  link?.focus()
}

// --- The socket --------------------------------------------------------------------------------------------------------

const HEARD = {
  message: ({ chat, html }) => {
    if (thread.current()?.dataset.chat === chat) thread.receive(html)
    if (side.dataset.url?.includes(nodesOf(html).querySelector(".message").dataset.id)) refreshSide()
  },
  removed: ({ chat, ids }) => thread.current()?.dataset.chat === chat && thread.removed(ids),
  chat: (frame) => {
    const open = conversation.dataset.chat === frame.chat
    const reads = open && !document.hidden && inbox.dataset.mayWrite === "yes" && thread.current() && thread.atEnd()
    list.receive(reads ? { ...frame, unread: 0 } : frame)
    if (open) followHead(nodesOf(frame.html).querySelector(".row").dataset.head)
  },
  presence: (frame) => list.presence(frame),
  channel: standing,
  resync: () => resync(),
  opened: ({ chat, at }) => {
    joinedAt = at
    const open = thread.current()
    if (open?.dataset.chat === chat && new Date(at) > new Date(open.dataset.readAt)) thread.catchUp()
  },
  role: () => location.reload(),
}

let first = true
let catching = null

/** Make the list and the open chat equal to what a reload would show. */
function resync() {
  catching ??= Promise.allSettled([list.refresh(), thread.catchUp(), standing()]).finally(() => (catching = null))
  return catching
}

async function standing() {
  const place = document.querySelector("#standing")
  if (!place) return
  const answer = await ask(place.dataset.url).catch(() => null)
  if (!answer) return
  place.replaceChildren(nodesOf(await answer.text()))
  writeTimes(place)
}

/** The name, the assignee or the right to write changed: draw the bar again, and the composer where it came or went. */
async function followHead(head) {
  const bar = conversation.querySelector(":scope > .bar")
  if (!bar || bar.dataset.head === head) return
  const { chat } = conversation.dataset
  const answer = await ask(`${inbox.dataset.url}${chat}/`).catch(() => null)
  if (!answer || conversation.dataset.chat !== chat) return
  const fresh = nodesOf(await answer.text())
  const focused = bar.contains(document.activeElement)
  bar.replaceWith(fresh.querySelector(".bar"))
  if (focused) conversation.focus({ preventScroll: true })
  const [old, now] = [conversation, fresh].map((place) => place.querySelector(".composer, .cannot"))
  if (old.className !== now.className) {
    old.replaceWith(now)
    composer.begin()
  }
  list.title()
}

async function stands(state) {
  banner(state)
  if (state !== "open") return
  outgoing.flush()
  const gap = !first
  first = false
  if (!gap) return list.refresh()
  await resync()
}

const BANNERS = {
  offline: () => [`Offline. ${waits()}`],
  waiting: () => [nodesOf(`<span>Reconnecting in <time data-as="left" aria-live="off" datetime="${new Date(socket.until).toISOString()}"></time>. Nothing is lost meanwhile.</span>`), "Now", () => socket.now()],
  gone: () => [`Waybill does not answer. What you typed is kept on this device.`, "Try again", () => socket.now()],
  "signed-out": () => ["You were signed out. Drafts are kept on this device.", "Sign in", () => location.reload()],
  "not-a-member": () => ["You have no access to this workspace any more.", "Leave", () => (location.href = "/")],
}

function waits() {
  const number = outgoing.waiting()
  if (!number) return "What you write waits here and will be sent."
  return number === 1 ? "One message waits here and will be sent." : `${number} messages wait here and will be sent.`
}

let state = "open"

function banner(now = state) {
  state = now
  const place = document.querySelector("#connection")
  const made = BANNERS[state]?.()
  if (!made) return place.replaceChildren()
  const [words, label, act] = made
  const toast = document.createElement("p")
  toast.className = "toast"
  toast.append(words)
  if (label) {
    const button = document.createElement("button")
    button.type = "button"
    button.className = "btn"
    button.append(label)
    button.onclick = act
    toast.append(button)
  }
  place.replaceChildren(toast)
  writeTimes(place)
}

outgoing.onChange(() => state === "offline" && banner())
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return
  writeTimes()
  if (thread.current() && thread.atEnd()) thread.markRead()
})

const socket = new Socket(`/ws/w/${me.workspace}/inbox/`, { heard: (frame) => HEARD[frame.type]?.(frame), stands })
if (conversation.dataset.chat) {
  socket.follow(conversation.dataset.chat)
  composer.begin()
  outgoing.draw()
  if (thread.atEnd()) thread.markRead()
  document.querySelector("#rows [aria-current]")?.scrollIntoView({ block: "nearest" })
}
outgoing.flush()
inbox.dataset.ready = "yes"
