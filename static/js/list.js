// The chat list: rows that move to where they belong, but never from under the pointer; counts in the rail and the title.

import { ask, gettext, me, nodesOf, released, writeTimes } from "./app.js"
import { badge as mark } from "./notify.js"

const inbox = document.querySelector("#inbox")
const rows = () => document.querySelector("#rows")
const filters = () => new FormData(document.querySelector("#filters"))
const rowOf = (chat) => document.getElementById(`chat-${chat}`)
const COUNTS_MS = 1500
const TYPING_MS = 12_000

const late = new Set() // chats whose row waits until pointer and keyboard have left the list
const hovers = matchMedia("(hover: hover)")
const box = () => document.querySelector("#list-scroller")
let fromTop = false // the reader had stood at the top before rows came in above

/** Mark the row of the open chat. */
export function select(chat) {
  for (const link of rows().querySelectorAll("[aria-current]")) link.removeAttribute("aria-current")
  const link = chat ? rowOf(chat)?.querySelector("a") : null
  link?.setAttribute("aria-current", "true")
  return link
}

function belongs(row) {
  const chosen = filters()
  const selected = row.dataset.chat === document.querySelector("#conversation").dataset.chat
  if (chosen.get("q")) return Boolean(rowOf(row.dataset.chat))
  if (row.dataset.state !== chosen.get("state")) return false
  if (chosen.get("label") && !row.dataset.labels.includes(chosen.get("label"))) return false
  if (chosen.get("member") && chosen.get("member") !== row.dataset.assignee) return false
  if (chosen.get("channel") && chosen.get("channel") !== row.dataset.channel) return false
  if (chosen.get("tab") === "mine" && row.dataset.assignee !== me.member) return false
  if (chosen.get("tab") === "unassigned" && row.dataset.assignee) return false
  return !chosen.get("unread") || row.classList.contains("unread") || selected
}

/** A row as it came over the socket, with what is unread for this member. */
export function receive({ chat, html, unread }) {
  const fresh = nodesOf(html).querySelector(".row")
  fresh.classList.toggle("unread", unread > 0)
  const count = fresh.querySelector(".count")
  count.hidden = !unread
  count.firstElementChild.textContent = unread >= 100 ? "99+" : String(unread)
  put(chat, fresh)
  counts()
}

/** The row on which the pointer or the keyboard stands: nothing may move it. */
function held() {
  const focused = document.activeElement?.closest?.("#rows .row")
  if (focused && document.activeElement.matches(":focus-visible")) return focused
  return hovers.matches ? rows().querySelector(":scope > .row:hover") : null
}

/** Change the list round a row that stays where it is on the screen; what comes in above scrolls out of sight. */
function holding(row, change) {
  const before = row.getBoundingClientRect().top
  fromTop ||= !box().scrollTop
  change()
  box().scrollTop += row.getBoundingClientRect().top - before
}

/** Draw a row where it belongs, as soon as that moves nothing under the pointer. */
export function put(chat, fresh) {
  const old = rowOf(chat)
  const stays = held()
  if (chat === document.querySelector("#conversation").dataset.chat) fresh.querySelector("a").setAttribute("aria-current", "true")
  const belonging = belongs(fresh)
  if (!old && !belonging) return
  const focused = old?.contains(document.activeElement)
  const [had, has] = [old, fresh].map((row) => row?.querySelector(".under")?.dataset)
  for (const own of ["draft", "mentioned"]) if (had && own in had) has[own] = had[own] // frames are the same for all
  if (old) old.replaceWith(fresh)
  writeTimes(fresh)
  if (focused) fresh.querySelector("a").focus({ preventScroll: true })
  settle(fresh, old && stays === old ? fresh : stays)
}

/** Move a row to its place, or take it away; or let it wait. */
function settle(row, stays) {
  const leaves = !belongs(row)
  const before = stays && stays !== row && row.isConnected && row.compareDocumentPosition(stays) & Node.DOCUMENT_POSITION_FOLLOWING
  const waits = stays && (stays === row || (leaves && before && box().scrollTop < row.offsetHeight))
  row.classList.toggle("leaving", Boolean(leaves && waits))
  if (waits) return late.add(row.dataset.chat)
  late.delete(row.dataset.chat)
  const change = () => (leaves ? leave(row) : move(row))
  if (stays) holding(stays, change)
  else change()
}

function leave(row) {
  const next = row.nextElementSibling?.querySelector("a") ?? row.previousElementSibling?.querySelector("a")
  if (row.contains(document.activeElement)) next?.focus({ preventScroll: true })
  row.remove()
}

/** The row that it stands before. */
function place(fresh) {
  const key = (row) => `${row.dataset.at} ${row.dataset.chat}`
  return [...rows().querySelectorAll(":scope > .row[data-chat]")].find((row) => row !== fresh && row.dataset.chat !== fresh.dataset.chat && key(row) < key(fresh))
}

function move(fresh) {
  if (filters().get("q")) return // what was found stays where the search put it
  const next = place(fresh)
  const more = rows().querySelector(":scope > .more")
  rows().querySelector(":scope > .empty")?.remove()
  if (next) {
    if (fresh.nextElementSibling !== next) next.before(fresh)
  } else if (more) fresh.remove() // it stands further down than what is loaded
  else if (fresh.nextElementSibling || !fresh.isConnected) rows().append(fresh)
}

function settleAll() {
  if (held()) return
  for (const chat of late) if (rowOf(chat)) settle(rowOf(chat), null)
  late.clear()
  if (fromTop) box().scrollTop = 0
  fromTop = false
}
box().addEventListener("wheel", () => (fromTop = false), { passive: true }) // the reader went elsewhere
document.addEventListener("mouseout", (event) => rows()?.contains(event.target) && !rows().contains(event.relatedTarget) && setTimeout(settleAll))
document.addEventListener("focusout", (event) => rows()?.contains(event.target) && setTimeout(settleAll))

/** Draw the list as a reload would, keeping the filters, the number of rows and the focus. */
export async function refresh() {
  const query = new URLSearchParams(filters())
  query.set("limit", String(Math.min(200, Math.max(40, rows().querySelectorAll(".row[data-chat]").length))))
  const answer = await ask(`${inbox.dataset.rows}?${query}`)
  const fresh = nodesOf(await answer.text()).querySelector("#rows")
  await released()
  const focused = document.activeElement?.closest?.("#rows .row")?.dataset.chat
  const stays = held()?.dataset.chat
  const before = stays && rowOf(stays).getBoundingClientRect().top
  rows().replaceWith(fresh)
  if (stays && rowOf(stays)) box().scrollTop += rowOf(stays).getBoundingClientRect().top - before
  window.htmx?.process(fresh)
  writeTimes(fresh)
  select(document.querySelector("#conversation").dataset.chat)
  if (focused) rowOf(focused)?.querySelector("a").focus({ preventScroll: true })
  await counts(true)
}

// --- Counts ------------------------------------------------------------------------------------------------------------

let counting = 0

/** Ask for the counts, at most once in a while. */
export async function counts(now = false) {
  if (!now) {
    if (!counting) counting = setTimeout(() => counts(true), COUNTS_MS * (0.5 + Math.random()))
    return
  }
  clearTimeout(counting)
  counting = 0
  const answer = await ask(inbox.dataset.counts, { accept: "application/json" }).catch(() => null)
  if (!answer) return
  const numbers = await answer.json()
  for (const place of document.querySelectorAll("[data-count]")) {
    const number = numbers[place.dataset.count]
    if (number !== undefined) place.textContent = number >= 100 ? "99+" : String(number)
  }
  unread(numbers.unread)
}

function unread(number) {
  const badge = document.querySelector("#rail-unread")
  const words = number >= 100 ? "99+" : String(number)
  badge.hidden = !number
  badge.firstChild.textContent = number ? words : ""
  title(number ? words : "")
  mark(number ? words : "")
}

let prefix = document.title.match(/^\((.+?)\) /)?.[1] ?? ""

/** Write the window's title: how many unread chats, and which chat is open. */
export function title(count = prefix) {
  prefix = count
  const name = document.querySelector("#conversation .bar")?.dataset.title
  document.title = `${count ? `(${count}) ` : ""}${name ? `${name} · ` : ""}${gettext("Inbox")} · Waybill`
}

// --- Somebody types ----------------------------------------------------------------------------------------------------

const typing = new Map()

export function presence({ chat, status }) {
  const on = status === "typing" || status === "recording"
  const places = [rowOf(chat)?.querySelector(".typing")]
  if (document.querySelector("#conversation").dataset.chat === chat) places.push(document.querySelector("#conversation .bar .typing"))
  for (const place of places) {
    if (!place) continue
    place.textContent = status === "recording" ? gettext("recording…") : gettext("typing…")
    place.hidden = !on
  }
  clearTimeout(typing.get(chat))
  if (on) typing.set(chat, setTimeout(() => presence({ chat, status: "" }), TYPING_MS))
}

// --- Moving by keys ----------------------------------------------------------------------------------------------------

export function step(by) {
  const links = [...rows().querySelectorAll(".row > a")]
  const at = links.indexOf(document.activeElement?.closest?.(".row > a"))
  const from = at >= 0 ? at : links.findIndex((link) => link.ariaCurrent === "true")
  const next = links[Math.max(0, Math.min(links.length - 1, from + by))]
  next?.focus()
  next?.scrollIntoView({ block: "nearest" })
}

/** The filters as an address carries them: only what narrows the list. */
export function query() {
  const chosen = [...filters()].filter(([name, value]) => value && !(name === "tab" && value === "all") && !(name === "state" && value === "open"))
  return new URLSearchParams(chosen)
}

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.requestConfig?.elt?.id === "filters") {
    const address = query()
    const at = new URLSearchParams(location.search).get("at") // of the conversation, which this does not concern
    if (at) address.set("at", at)
    const narrowed = address.toString()
    history.replaceState({}, "", location.pathname + (narrowed ? `?${narrowed}` : ""))
  }
  select(document.querySelector("#conversation").dataset.chat)
  drawFilters()
})

function drawFilters() {
  const form = document.querySelector("#filters")
  for (const pick of form.querySelectorAll(".pick select")) pick.closest(".pick").classList.toggle("chosen", pick.selectedIndex > 0)
  document.querySelector("#no-filters").hidden = !form.querySelector(".pick.chosen, .pick :checked[type=checkbox]")
}
document.querySelector("#no-filters").addEventListener("click", () => {
  const form = document.querySelector("#filters")
  for (const pick of form.querySelectorAll("select")) pick.selectedIndex = 0
  form.unread.checked = false
  form.requestSubmit()
  document.querySelector("#search").focus()
})
setInterval(() => writeTimes(rows()), 60_000) // midnight makes other words of them
unread(Number(document.querySelector("#rail-unread").firstChild?.textContent) || (prefix ? 100 : 0))
