// Telling people who look elsewhere: the number on the icon of the tab, desktop notifications, a short tone.

import { me, nodesOf } from "./app.js"

const RING_MS = 1500
const SIDE = 32
const told = new Map() // chat: the newest message that was told
let began = ""

/** From when on messages are news: the server's time of this visit. To the second, because theirs are no finer. */
export const begin = (at) => (began ||= at.slice(0, 19))

/** A row of the list changed; `before` says whether the reader has that chat in front of them. */
export function news({ chat, html, unread }, { inFront }) {
  const row = nodesOf(html).querySelector(".row")
  const { at } = row.dataset
  const preview = row.querySelector(".preview bdi")?.textContent ?? ""
  const newest = at + preview
  const fresh = began && at > began && newest !== told.get(chat)
  told.set(chat, newest)
  const theirs = !row.querySelector(".preview .tick")
  if (!fresh || !unread || !theirs || inFront || row.dataset.muted) return
  tell({ title: row.querySelector(".name").textContent, words: preview, tag: chat, place: row.querySelector("a").href })
}

/** Notify and ring as this person wishes. Of several tabs one rings; notifications of one `tag` replace each other. */
export function tell({ title, words, tag, place }) {
  if (me.sound) navigator.locks.request("waybill:ring", { ifAvailable: true }, (lock) => lock && ring())
  if (!me.notices || !document.hidden || globalThis.Notification?.permission !== "granted") return
  const shown = new Notification(title, { body: words, tag, icon: document.querySelector('link[rel="icon"]').dataset.plain })
  shown.onclick = () => {
    shown.close()
    focus()
    const link = document.querySelector(`[data-open="${CSS.escape(tag)}"]`)
    if (link) link.click()
    else location.href = place
  }
}

let audio = null

async function ring() {
  audio ??= new AudioContext()
  if (audio.state === "suspended") await audio.resume().catch(() => {})
  const volume = audio.createGain()
  volume.connect(audio.destination)
  const at = audio.currentTime
  volume.gain.setValueAtTime(0.0001, at)
  volume.gain.exponentialRampToValueAtTime(0.12, at + 0.02)
  volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.5)
  for (const [hertz, after] of [[660, 0], [880, 0.12]]) {
    const tone = audio.createOscillator()
    tone.frequency.value = hertz
    tone.connect(volume)
    tone.start(at + after)
    tone.stop(at + 0.5)
  }
  document.documentElement.dataset.rang = String(Number(document.documentElement.dataset.rang ?? 0) + 1)
  return new Promise((done) => setTimeout(done, RING_MS))
}

/** Write the number of unread chats on the tab's icon. */
export function badge(words) {
  const icon = document.querySelector('link[rel="icon"]')
  icon.dataset.plain ??= icon.href
  if (!words) {
    icon.type = "image/svg+xml"
    icon.href = icon.dataset.plain
    return
  }
  const canvas = document.createElement("canvas")
  canvas.width = canvas.height = SIDE
  const pen = canvas.getContext("2d")
  const base = new Image()
  base.onload = () => {
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name)
    pen.drawImage(base, 0, 0, SIDE, SIDE)
    pen.fillStyle = colour("--danger")
    pen.beginPath()
    pen.roundRect(words.length > 1 ? 6 : 12, 12, words.length > 1 ? 26 : 20, 20, 10)
    pen.fill()
    pen.fillStyle = colour("--on-danger")
    pen.font = `600 ${words.length > 2 ? 13 : 16}px system-ui`
    pen.textAlign = "center"
    pen.textBaseline = "middle"
    pen.fillText(words, words.length > 1 ? 19 : 22, 23)
    icon.type = "image/png"
    icon.href = canvas.toDataURL("image/png")
  }
  base.src = icon.dataset.plain
}
