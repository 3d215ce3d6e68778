// Voice messages: held or clicked, with the time and the loudness, heard before they are sent, or thrown away.

import { clockOf, element, gettext, notice } from "./app.js"
import { send } from "./outgoing.js"
import * as uploads from "./uploads.js"

const HELD_MS = 600
const LONGEST_SECONDS = 15 * 60
const FORMS = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"]

let recording = null

/** Begin to record for the composer of `form`. `held`: the button is pressed, and letting go sends. */
export async function record(form, { held = false } = {}) {
  if (recording) return
  const began = performance.now()
  const mime = FORMS.find((one) => window.MediaRecorder?.isTypeSupported(one))
  if (!mime || !navigator.mediaDevices) return notice(gettext("This browser cannot record here. It needs a microphone and an https address."), { bad: true })
  let stream
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true } })
  } catch (error) {
    const denied = error.name === "NotAllowedError"
    return notice(denied ? gettext("The microphone is blocked. Allow it beside the address of this page.") : gettext("No microphone was found."), { bad: true })
  }
  recording = new Recording(form, stream, mime)
  if (held) addEventListener("pointerup", () => performance.now() - began > HELD_MS && recording?.finish({ sends: true }), { once: true })
}

class Recording {
  constructor(form, stream, mime) {
    Object.assign(this, { form, stream, mime, chunks: [], began: performance.now(), seconds: 0 })
    this.bar = document.querySelector("#recorder-template").content.firstElementChild.cloneNode(true)
    this.recorder = new MediaRecorder(stream, { mimeType: mime, audioBitsPerSecond: 32_000 })
    this.recorder.ondataavailable = (event) => this.chunks.push(event.data)
    this.recorder.onstop = () => this.stopped()
    this.recorder.start(1000)
    this.listen()
    form.classList.add("records")
    form.prepend(this.bar)
    this.on("[data-cancel]", () => this.end())
    this.on("[data-stop]", () => this.finish())
    this.on("[data-send]", () => this.finish({ sends: true }))
    this.bar.querySelector("[data-stop]").focus()
    this.bar.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return
      event.stopPropagation()
      this.end()
    })
    this.timer = setInterval(() => this.draw(), 200)
  }

  on = (selector, deed) => (this.bar.querySelector(selector).onclick = deed)

  listen() {
    this.audio = new AudioContext()
    const analyser = this.audio.createAnalyser()
    this.audio.createMediaStreamSource(this.stream).connect(analyser)
    const samples = new Float32Array(512)
    this.loudness = () => {
      analyser.getFloatTimeDomainData(samples)
      return Math.min(1, Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length) * 4)
    }
  }

  draw() {
    if (this.recorder.state !== "recording") return
    if (!this.bar.isConnected) return this.end() // another chat was opened
    this.seconds = (performance.now() - this.began) / 1000
    this.bar.querySelector(".elapsed").textContent = clockOf(this.seconds)
    this.bar.querySelector(".level").value = this.loudness()
    if (this.seconds >= LONGEST_SECONDS) this.finish()
  }

  /** Stop; what was said can be heard, or goes at once. */
  finish({ sends = false } = {}) {
    this.sends ||= sends
    if (this.file) return this.send()
    if (this.recorder.state === "recording") this.recorder.stop()
  }

  stopped() {
    this.silence()
    if (this.ended) return
    const bare = this.mime.split(";")[0]
    this.file = new File(this.chunks, `voice.${bare.split("/")[1]}`, { type: this.mime })
    if (this.sends) return this.send()
    this.address = URL.createObjectURL(this.file)
    const sound = element("audio", { controls: true, src: this.address, ariaLabel: gettext("What was recorded") })
    this.bar.querySelector(".running").replaceChildren(sound)
    this.bar.querySelector("[data-stop]").hidden = true
    this.bar.querySelector("[data-send]").focus()
  }

  send() {
    const { form } = this
    const { chat } = form.dataset
    const url = form.action
    const kind = this.mime.startsWith("audio/mp4") ? "audio" : "voice" // only Opus can be played as a voice message
    uploads.add(form, [this.file], {
      kind,
      seconds: Math.max(1, Math.round(this.seconds)),
      then: ({ id, name }) => send({ clientId: crypto.randomUUID?.() ?? `${Date.now()}-voice`, chat, url, text: "", attachment: { id, name: kind === "voice" ? gettext("Voice message") : name } }),
    })
    this.end()
  }

  silence() {
    clearInterval(this.timer)
    for (const track of this.stream.getTracks()) track.stop()
    if (this.audio.state !== "closed") this.audio.close()
  }

  end() {
    this.ended = true
    if (this.recorder.state === "recording") this.recorder.stop()
    this.silence()
    if (this.address) URL.revokeObjectURL(this.address)
    this.bar.remove()
    this.form.classList.remove("records")
    this.form.querySelector("textarea")?.focus()
    recording = null
  }
}
