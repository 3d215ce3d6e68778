// What messages carry: pictures large, sound with a speed, files that did not come and can be asked for again.

import { ask, clockOf, complain, gettext, isPlain, me, nodesOf, notice } from "./app.js"
import { upsert } from "./thread.js"

// --- Pictures, large -----------------------------------------------------------------------------------------------------

const box = document.querySelector("#lightbox")
const picture = box.querySelector("img")
let shown = null
let opener = null

/** The pictures that one can go through: those of the same conversation, or of the same message in the making. */
const siblings = () => [...(opener.closest(".thread, .files") ?? document).querySelectorAll("a[data-lightbox]")]

function show(link) {
  shown = link
  const all = siblings()
  const at = all.indexOf(link)
  box.classList.remove("whole")
  picture.src = link.href
  picture.alt = link.querySelector("img")?.alt || gettext("Photo")
  box.querySelector("[data-of]").textContent = all.length > 1 ? gettext("{n} of {all}", { n: at + 1, all: all.length }) : ""
  const download = box.querySelector("[data-download]")
  download.hidden = link.protocol === "blob:"
  download.href = `${link.href}?download=1`
  box.querySelector("[data-previous]").disabled = at <= 0
  box.querySelector("[data-next]").disabled = at >= all.length - 1
  if (!box.open) box.showModal()
}

function step(by) {
  const all = siblings()
  const next = all[all.indexOf(shown) + by]
  if (next) show(next)
}

function openBox(link) {
  opener = link
  show(link)
}

box.addEventListener("close", () => {
  picture.removeAttribute("src")
  const back = shown?.isConnected ? shown : opener
  shown = null
  back?.focus()
})
box.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
  if (by) step(document.dir === "rtl" ? -by : by)
  if (event.key === "Home") show(siblings()[0])
  if (event.key === "End") show(siblings().at(-1))
})
box.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest(selector)
  if (hit("[data-previous]")) step(-1)
  else if (hit("[data-next]")) step(1)
  else if (event.target === picture) box.classList.toggle("whole")
  else if (!hit("a, button")) box.close()
})

document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest(selector)
  let found
  if (isPlain(event) && (found = hit("a[data-lightbox]"))) {
    event.preventDefault()
    openBox(found)
  } else if ((found = hit("dialog [data-close]"))) found.closest("dialog").close()
  else if ((found = hit("[data-fetch]"))) fetchAgain(found)
  else if ((found = hit("[data-play]"))) toggle(found.closest(".player"))
  else if ((found = hit("[data-speed]"))) faster(found.closest(".player"))
})

// --- Sound ---------------------------------------------------------------------------------------------------------------

const SPEEDS = [1, 1.5, 2]
const SPEED = `waybill:speed:${me.member}`
const STEP_SECONDS = 5
const soundOf = (player) => player.querySelector("audio")
let playing = null

function toggle(player) {
  const sound = soundOf(player)
  if (!sound.paused) return sound.pause()
  sound.playbackRate = Number(localStorage.getItem(SPEED)) || 1
  sound.play().catch(() => sound.error || notice(gettext("The browser does not let it play.")))
}

function faster(player) {
  const sound = soundOf(player)
  const next = SPEEDS[(SPEEDS.indexOf(sound.playbackRate) + 1) % SPEEDS.length]
  localStorage.setItem(SPEED, String(next))
  sound.playbackRate = next
  draw(player)
}

function lengthOf(player) {
  const { duration } = soundOf(player)
  return Number.isFinite(duration) ? duration : Number(player.dataset.seconds) || 0
}

function draw(player) {
  const sound = soundOf(player)
  const length = lengthOf(player)
  const play = player.querySelector("[data-play]")
  const seek = player.querySelector("input")
  player.classList.toggle("playing", !sound.paused)
  play.ariaLabel = sound.paused ? gettext("Play") : gettext("Pause")
  seek.max = String(length || 1)
  if (document.activeElement !== seek || !sound.paused) seek.value = String(sound.currentTime)
  seek.ariaValueText = gettext("{at} of {length}", { at: clockOf(sound.currentTime), length: clockOf(length) })
  player.querySelector(".elapsed").textContent = clockOf(sound.currentTime || length)
  player.querySelector("[data-speed]").textContent = `${sound.playbackRate}×`
}

// Media events do not bubble, so they are caught on their way down.
for (const name of ["play", "pause", "timeupdate", "durationchange", "ratechange", "ended"]) {
  document.addEventListener(name, (event) => {
    const player = event.target.closest?.(".player")
    if (name === "play") {
      if (playing && playing !== event.target) playing.pause()
      playing = event.target
    }
    if (name === "ended" && event.target.isConnected) next(event.target)
    if (player) draw(player)
  }, true)
}

/** A voice message that has ended begins the one that follows it, as on the phone. */
function next(sound) {
  const follows = sound.closest(".message")?.nextElementSibling?.querySelector?.(".player.voice")
  if (sound.closest(".player.voice") && follows && !follows.closest(".own")) toggle(follows)
}

document.addEventListener("input", (event) => {
  const player = event.target.closest?.(".player")
  if (!player) return
  const sound = soundOf(player)
  if (sound.readyState === 0) sound.load()
  sound.currentTime = Number(event.target.value)
})
document.addEventListener("keydown", (event) => {
  const player = event.target.matches?.(".player input") && event.target.closest(".player")
  const by = player && { ArrowLeft: -STEP_SECONDS, ArrowRight: STEP_SECONDS }[event.key]
  if (!by) return
  event.preventDefault()
  const sound = soundOf(player)
  sound.currentTime = Math.min(Math.max(0, sound.currentTime + by), lengthOf(player))
  draw(player)
})

// --- Voice messages of our own --------------------------------------------------------------------------------------------

// The microphone: a press that lasts records while it lasts, a short one until it is stopped.
const voice = (button, how) => import("./voice.js").then(({ record }) => record(button.form, how))
document.addEventListener("pointerdown", (event) => {
  const button = event.button === 0 && event.target.closest?.("[data-record]")
  if (button) voice(button, { held: true })
})
document.addEventListener("click", (event) => {
  const button = event.detail === 0 && event.target.closest("[data-record]") // by key, or by a screen reader
  if (button) voice(button)
})

// --- What is not there ---------------------------------------------------------------------------------------------------

document.addEventListener("error", (event) => {
  const file = event.target.closest?.("[data-file]")
  if (!file || !event.target.matches("img, audio, video")) return
  const lost = document.querySelector("#lost-file").content.firstElementChild.cloneNode(true)
  lost.querySelector("b").textContent = file.dataset.name || gettext("File")
  const again = lost.querySelector("[data-fetch]")
  if (file.dataset.refetch) again.dataset.fetch = file.dataset.refetch
  else again.remove()
  const download = lost.querySelector("[data-download]")
  download.href = `${file.dataset.file}?download=1`
  file.replaceWith(lost)
}, true)

async function fetchAgain(button) {
  button.disabled = true
  try {
    const answer = await ask(button.dataset.fetch, { method: "POST" })
    const message = nodesOf(await answer.text()).querySelector(".message")
    upsert(message)
    document.getElementById(message.id)?.focus()
  } catch (error) {
    button.disabled = false
    complain(error)
  }
}
