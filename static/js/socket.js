// One socket per tab: it comes back by itself, says so while it is away, and tells when something may have been missed.

const TRIES = 10
const BASE_MS = 500
const CAP_MS = 30_000
const PING_MS = 25_000
const PONG_MS = 10_000
const QUIET_MS = 1200 // shorter absences are not worth a word

const FOR_GOOD = { 4401: "signed-out", 4403: "not-a-member", 4404: "not-a-member" }

export class Socket {
  /** `heard(frame)` for every frame, `stands(state, seconds)` whenever the state changes: open, away, waiting, gone, … */
  constructor(path, { heard, stands }) {
    this.url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`
    this.heard = heard
    this.stands = stands
    this.tries = 0
    this.wanted = null
    addEventListener("online", () => this.now())
    addEventListener("offline", () => this.drop())
    document.addEventListener("visibilitychange", () => document.hidden || this.now())
    this.connect()
  }

  get open() {
    return this.wire?.readyState === WebSocket.OPEN
  }

  /** Which chat's messages to hear; remembered over reconnects. */
  follow(chat) {
    this.wanted = chat
    this.say({ type: "open", chat })
  }

  say(what) {
    if (this.open) this.wire.send(JSON.stringify(what))
  }

  /** Try at once, unless it works already. */
  now() {
    if (this.ended) return
    if (this.open) return this.ping()
    if (this.wire?.readyState === WebSocket.CONNECTING) return
    this.tries = 0
    this.connect()
  }

  drop() {
    this.wire?.close()
    this.away()
  }

  connect() {
    clearTimeout(this.timer)
    const wire = new WebSocket(this.url)
    this.wire = wire
    wire.onmessage = (message) => {
      clearTimeout(this.pong)
      const frame = JSON.parse(message.data)
      if (frame.type === "hello") this.greet()
      this.heard(frame)
    }
    wire.onclose = (event) => wire === this.wire && this.away(event.code)
  }

  greet() {
    this.tries = 0
    clearTimeout(this.hush)
    this.hush = null
    if (this.wanted) this.follow(this.wanted)
    clearInterval(this.pinging)
    this.pinging = setInterval(() => this.ping(), PING_MS)
    this.stands("open")
  }

  ping() {
    this.say({ type: "ping" })
    clearTimeout(this.pong)
    this.pong = setTimeout(() => this.drop(), PONG_MS)
  }

  away(code) {
    clearInterval(this.pinging)
    clearTimeout(this.pong)
    clearTimeout(this.timer)
    this.wire.onclose = null
    if (FOR_GOOD[code]) {
      this.ended = true
      return this.stands(FOR_GOOD[code])
    }
    if (!navigator.onLine) return this.stands("offline")
    if (this.tries >= TRIES) return this.stands("gone")
    const wait = 100 + Math.random() * Math.min(CAP_MS, BASE_MS * 2 ** this.tries) // full jitter
    this.tries += 1
    this.timer = setTimeout(() => this.connect(), wait)
    this.until = Date.now() + wait
    this.hush ??= setTimeout(() => this.stands("waiting"), QUIET_MS)
    if (this.tries > 2) this.stands("waiting")
  }
}
