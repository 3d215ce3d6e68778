// The inbox page: opens chats in place, hears the socket, and leads deeds and keys to where they belong.

import { ask, complain, element, gettext, isPlain, me, ngettext, nodesOf, notice, released, writeTimes } from "./app.js"
import * as composer from "./composer.js"
import { shortcut } from "./keys.js"
import * as company from "./company.js"
import * as list from "./list.js"
import "./media.js"
import * as menu from "./menu.js"
import * as notify from "./notify.js"
import * as outgoing from "./outgoing.js"
import * as panes from "./panes.js"
import { Socket } from "./socket.js"
import * as team from "./team.js"
import * as thread from "./thread.js"

const inbox = document.querySelector("#inbox")
const conversation = document.querySelector("#conversation")
const side = document.querySelector("#side")
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
  company.begin(conversation.dataset.chat)
  panes.opened(conversation.dataset.chat)
  document.querySelector(`#chat-${conversation.dataset.chat} .under`)?.removeAttribute("data-mentioned")
  outgoing.draw()
  list.title()
  if (thread.atEnd()) thread.markRead()
  if (joinedAt > thread.current().dataset.readAt) thread.catchUp()
}

function leave() {
  delete conversation.dataset.chat
  conversation.replaceChildren()
  list.title()
  return nothingOpen()
}

async function nothingOpen() {
  const answer = await ask(inbox.dataset.url).catch(() => null)
  const fresh = answer && nodesOf(await answer.text())
  if (!fresh || conversation.dataset.chat) return
  const focused = conversation.contains(document.activeElement)
  conversation.replaceChildren(fresh)
  if (focused) conversation.focus({ preventScroll: true })
}

const skeleton = () => element("div", { className: "empty" }, gettext("Opening…"))

function trouble(error, onclick) {
  const gone = error.status === 404
  return element(
    "div",
    { className: "empty" },
    element("h2", {}, gone ? gettext("This chat is not here") : gettext("The chat did not open")),
    element("p", {}, gone ? gettext("It may have been removed, or it belongs to another workspace.") : gettext("Waybill did not answer. What you typed is safe.")),
    element("button", { className: "btn primary", onclick }, gettext("Try again")),
  )
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
    complain(error)
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
  if (side.hidden || side.querySelector(":is(input, textarea):focus")) return // nobody's typing is swept away
  const { url } = side.dataset
  const answer = await ask(url).catch(() => null)
  if (!answer || side.hidden || side.dataset.url !== url) return
  const fresh = nodesOf(await answer.text())
  const focused = side.contains(document.activeElement)
  const top = side.querySelector(".scroller")?.scrollTop ?? 0
  side.replaceChildren(fresh)
  side.querySelector(".scroller").scrollTop = top
  writeTimes(side)
  if (focused) side.focus()
}

// --- What is pressed ---------------------------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest(selector)
  const plain = isPlain(event)
  let found
  if (plain && (found = hit("[data-open], [data-back]"))) {
    event.preventDefault()
    open(found.href)
  } else if (plain && (found = hit("a[data-side][href]"))) {
    event.preventDefault()
    openSide(found)
  } else if (hit("[data-close-side]")) closeSide()
  else if ((found = hit("[data-jump]"))) {
    event.preventDefault()
    thread.jump(found.dataset.jump, (id) => open(`${location.pathname}?at=${id}`))
  } else if ((found = hit("[data-unfold]"))) {
    found.previousElementSibling.classList.add("open")
    found.remove()
  }
})

// --- Keys --------------------------------------------------------------------------------------------------------------

// Deeds on the open chat are buttons with data-key; the table presses them, so that both are always the same.
const press = (key, words) =>
  shortcut(key, words, () => keyed(key).click(), { group: gettext("This chat"), when: () => Boolean(keyed(key)) })
const keyed = (key) => document.querySelector(`.conversation [data-key="${key}"], #list [data-key="${key}"]`)
const inRows = (event) => Boolean(event?.target.closest?.("#rows, #search"))

shortcut("/", gettext("Search"), () => document.querySelector("#search").select())
shortcut("j", gettext("Next chat"), () => list.step(1))
shortcut("k", gettext("Previous chat"), () => list.step(-1))
shortcut("arrowdown", gettext("Next chat, in the list"), () => list.step(1), { when: inRows, typing: true, palette: false })
shortcut("arrowup", gettext("Previous chat, in the list"), () => list.step(-1), { when: inRows, typing: true, palette: false })
shortcut("enter", gettext("Open the chat; send"))
shortcut("shift+enter", gettext("New line"))
shortcut("r", gettext("Reply to the last message"), () => composer.reply([...document.querySelectorAll("#thread > .theirs[data-id]")].at(-1)), {
  group: gettext("This chat"),
  when: () => Boolean(document.querySelector("#composer")),
})
press("e", gettext("Done, or open again"))
press("a", gettext("Assign"))
press("n", gettext("Private note"))
press("u", gettext("Mark as unread"))
press("l", gettext("Labels"))
press("s", gettext("Snooze"))
press("c", gettext("New chat"))
shortcut("escape", gettext("Back"), back, { typing: true, palette: false })

function back(event) {
  if (document.querySelector(":modal, :popover-open")) return false // it closes that
  if (closeSide()) return
  if (event.target.id === "search" && event.target.value) return false
  if (event.target.id === "composer-text" || event.target.id === "search") return event.target.blur()
  if (panes.framed) return panes.close()
  const link = list.select(conversation.dataset.chat)
  if (conversation.dataset.chat) open(inbox.dataset.url)
  link?.focus()
}

// --- The socket --------------------------------------------------------------------------------------------------------

const HEARD = {
  hello: ({ at }) => notify.begin(at),
  message: ({ chat, html }) => {
    if (thread.current()?.dataset.chat === chat) thread.receive(html)
    if (side.dataset.url?.includes(nodesOf(html).querySelector(".message").dataset.id)) refreshSide()
  },
  removed: ({ chat, ids }) => thread.current()?.dataset.chat === chat && thread.removed(ids),
  chat: (frame) => {
    const open = conversation.dataset.chat === frame.chat
    notify.news(frame, { inFront: open && !document.hidden && document.hasFocus() })
    const reads = open && !document.hidden && inbox.dataset.mayWrite === "yes" && thread.current() && thread.atEnd()
    list.receive(reads ? { ...frame, unread: 0 } : frame)
    if (!open) return
    followHead(nodesOf(frame.html).querySelector(".row").dataset.head)
    if (side.dataset.url?.includes("/details/")) refreshSide()
  },
  presence: (frame) => list.presence(frame),
  company: (frame) => company.heard(frame),
  mention: (frame) => mentioned(frame),
  channel: standing,
  "no-chat": ({ chat }) => chat === conversation.dataset.chat && open(inbox.dataset.url),
  resync: () => resync(),
  opened: ({ chat, at }) => {
    joinedAt = at
    const open = thread.current()
    if (open?.dataset.chat === chat && new Date(at) > new Date(open.dataset.readAt)) thread.catchUp()
  },
  role: () => location.reload(),
}

function mentioned({ chat, note }) {
  if (conversation.dataset.chat === chat) return
  const row = document.querySelector(`#chat-${chat} .under`)
  if (row) row.dataset.mentioned = ""
  const [title, place] = [gettext("You were mentioned in a note. "), `${inbox.dataset.url}${chat}/?at=${note}`]
  notify.tell({ title, words: "", tag: note, place })
  const link = element("a", { href: place, className: "btn small", dataset: { open: chat } }, gettext("Open"))
  notice(element("span", {}, title, link))
}

async function heard(frame) {
  if (released()) await released()
  HEARD[frame.type]?.(frame)
}

let first = true
let catching = null

/** Make the list and the open chat equal to what a reload would show. */
function resync() {
  if (catching) return catching
  const slow = setTimeout(() => state === "open" && banner("catching"), SKELETON_MS)
  catching = Promise.allSettled([list.refresh(), thread.catchUp(), standing()]).finally(() => {
    catching = null
    clearTimeout(slow)
    if (state === "catching") banner("open")
  })
  return catching
}

async function standing() {
  const place = document.querySelector("#standing")
  if (!place) return document.querySelector("#first-steps") && nothingOpen()
  const answer = await ask(place.dataset.url).catch(() => null)
  if (!answer) return
  place.replaceChildren(nodesOf(await answer.text()))
  writeTimes(place)
}

team.onDeed((row) => {
  if (row.dataset.chat !== conversation.dataset.chat) return
  followHead(row.dataset.head)
  if (side.dataset.url?.includes("/details/")) refreshSide()
}, open)

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
  const [old, now] = [conversation, fresh].map((place) => place.querySelector(".writing"))
  if (old.dataset.state !== now.dataset.state) {
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
  if (!gap) return list.refresh().catch(() => {}) // lost again: the next opening asks anew
  await resync()
}

const BANNERS = {
  offline: () => [`${gettext("Offline.")} ${waits()}`],
  waiting: () => [untilAgain(), gettext("Now"), () => socket.now()],
  catching: () => [gettext("Connected again. Catching up…")],
  gone: () => [gettext("Waybill does not answer. What you typed is kept on this device."), gettext("Try again"), () => socket.now()],
  "signed-out": () => [gettext("You were signed out. Drafts are kept on this device."), gettext("Sign in"), () => location.reload()],
  "not-a-member": () => [gettext("You have no access to this workspace any more."), gettext("Leave"), () => (location.href = "/")],
}

function untilAgain() {
  const time = element("time", { dateTime: new Date(socket.until).toISOString(), ariaLive: "off", dataset: { as: "left" } })
  const [before, after] = gettext("Reconnecting in {time}. Nothing is lost meanwhile.", { time: "\n" }).split("\n")
  return element("span", {}, before, time, after)
}

const waits = () =>
  outgoing.waiting()
    ? ngettext("One message waits here and will be sent.", "{n} messages wait here and will be sent.", outgoing.waiting())
    : gettext("What you write waits here and will be sent.")

let state = "open"

function banner(now = state) {
  state = now
  const place = document.querySelector("#connection")
  const made = BANNERS[state]?.()
  if (!made) return place.replaceChildren()
  const [words, label, onclick] = made
  const toast = element("p", { className: "toast" }, words)
  if (label) toast.append(element("button", { type: "button", className: "btn", onclick }, label))
  place.replaceChildren(toast)
  writeTimes(place)
}

outgoing.onChange(() => state === "offline" && banner())
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return
  writeTimes()
  if (thread.current() && thread.atEnd()) thread.markRead()
})

const socket = new Socket(`/ws/w/${me.workspace}/inbox/`, { heard, stands })
menu.onChange(refreshSide)
composer.onTyping((on, mode) => socket.say({ type: "typing", on, mode }))
if (conversation.dataset.chat) {
  company.begin(conversation.dataset.chat)
  socket.follow(conversation.dataset.chat)
  composer.begin()
  outgoing.draw()
  if (thread.atEnd()) thread.markRead()
  document.querySelector("#rows [aria-current]")?.scrollIntoView({ block: "nearest" })
}
outgoing.flush()
inbox.dataset.ready = "yes"
