// Files of a message that is being written: picked, dropped, pasted or recorded. They travel in parts, so that a lost
// connection costs one part and not the file; what is on its way stays with its chat when another chat is opened.

import { bodyOf, element, gettext, me, notice, page } from "./app.js"

const PART = 1024 * 1024 // daphne holds a whole request in memory, several times over, and lets go of it late
const AGAIN_MS = [1000, 2000, 4000, 8000, 15_000]

const byChat = new Map()
const of = (chat) => byChat.get(chat) ?? byChat.set(chat, []).get(chat)
const listOf = (form) => form.querySelector(".files")

let changed = () => {}
/** Called with the chat whenever one of its files is ready, refused, or gone. */
export const onChange = (handler) => (changed = handler)

/** Show the files of the chat whose composer was just drawn, and take those that were chosen before scripts came. */
export function begin(form) {
  listOf(form).replaceChildren(...of(form.dataset.chat).map((upload) => upload.item))
  const chosen = form.querySelector("input[type=file]")
  if (chosen?.files.length) add(form, chosen.files)
  if (chosen) chosen.value = ""
}

/** {ready: [{id, name, kind}], busy: whether one is on its way}: refused files are neither. */
export function state(form) {
  const uploads = of(form.dataset.chat).filter((upload) => !upload.then)
  const ready = uploads.filter((upload) => upload.id && upload.done)
  return { ready: ready.map(({ id, name, kind }) => ({ id, name, kind })), busy: uploads.some((upload) => !upload.done && !upload.refused) }
}

/** Forget them: they are part of a message now. */
export function clear(form) {
  const all = of(form.dataset.chat)
  for (const upload of all) if (!upload.then) upload.leave()
  byChat.set(form.dataset.chat, all.filter((upload) => upload.then))
}

/** Files to send. Without a kind the file decides. `then(upload)`: what to do with it alone, as soon as it is there. */
export function add(form, files, { kind = "", seconds = 0, then = null } = {}) {
  for (const file of files) {
    const upload = new Upload(form.dataset.chat, file, { kind, seconds, then })
    of(form.dataset.chat).push(upload)
    listOf(form).append(upload.item)
    upload.start()
  }
  changed(form.dataset.chat)
}

export const size = (bytes) => (bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toLocaleString(page.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 })} MB`)

class Upload {
  constructor(chat, file, { kind, seconds, then }) {
    Object.assign(this, { chat, file, kind, seconds, then, id: "", sent: 0, tries: 0, done: false, refused: false })
    this.name = file.name || gettext("file")
    this.item = document.querySelector("#file-template").content.firstElementChild.cloneNode(true)
    this.note = this.item.querySelector("small")
    this.bar = this.item.querySelector("progress")
    this.again = this.item.querySelector("[data-again]")
    this.item.querySelector("b").textContent = this.name
    this.item.querySelector("[data-remove]").onclick = () => this.remove()
    this.again.onclick = () => this.start()
    this.preview()
  }

  preview() {
    const kind = { image: "img", audio: "audio", video: "video" }[this.file.type.split("/")[0]]
    if (!kind || this.file.type === "image/svg+xml") return
    this.address = URL.createObjectURL(this.file)
    const shown = element(kind, { src: this.address })
    if (kind === "img") {
      shown.alt = ""
      const label = gettext("Look at {name}", { name: this.name })
      const link = element("a", { href: this.address, className: "thumb", ariaLabel: label, dataset: { lightbox: "" } }, shown)
      shown.onerror = () => link.replaceWith(this.item.querySelector(".thumb"))
      this.item.querySelector(".thumb").replaceWith(link)
    } else if (kind === "audio") {
      shown.controls = true
      this.item.append(shown)
      this.item.classList.add("heard")
    } else {
      shown.muted = true
      shown.preload = "metadata"
      this.item.querySelector(".thumb").replaceChildren(shown)
    }
  }

  start() {
    clearTimeout(this.timer)
    this.again.hidden = true
    const limit = Number(document.querySelector("#inbox").dataset.uploadLimit)
    if (this.file.size > limit) return this.refuse(gettext("{size} is too much. Up to {limit} can be sent.", { size: size(this.file.size), limit: size(limit) }))
    if (!this.file.size) return this.refuse(gettext("The file is empty."))
    this.send()
  }

  send() {
    const part = this.file.slice(this.sent, this.sent + PART)
    const { sent: offset, kind, seconds } = this
    const body = bodyOf({ offset, total: this.file.size, mime_type: this.file.type, kind, seconds })
    body.set("file", part, this.name)
    const request = (this.request = new XMLHttpRequest()) // fetch tells no progress
    request.upload.onprogress = (event) => event.lengthComputable && this.progress(this.sent + (event.loaded / event.total) * part.size)
    request.onload = () => this.answered(request)
    request.onerror = request.ontimeout = () => this.wait()
    request.timeout = 120_000
    const { uploads } = document.querySelector("#inbox").dataset
    request.open("POST", this.id ? `${uploads}${this.id}/` : uploads)
    request.setRequestHeader("X-CSRFToken", me.csrf)
    request.setRequestHeader("HX-Request", "true")
    request.setRequestHeader("HX-Current-URL", location.href)
    request.send(body)
  }

  answered(request) {
    const { status } = request
    const words = request.getResponseHeader("Content-Type")?.startsWith("text/plain") ? request.responseText : ""
    if (status === 401) {
      notice(gettext("You were signed out. What you typed is kept on this device."), { bad: true, place: request.getResponseHeader("HX-Redirect") ?? "" })
      return this.stop(gettext("Signed out. Sign in and try again."))
    }
    if (status >= 500) return this.wait()
    if (status >= 400) return this.refuse(words || gettext("It was not taken."))
    const told = JSON.parse(request.responseText)
    this.tries = 0
    this.id = told.id
    this.sent = told.received
    if (!told.ready) return this.send()
    Object.assign(this, { done: true, kind: told.kind })
    if (this.then) {
      this.then(this)
      return this.remove()
    }
    this.item.classList.add("ready")
    this.note.textContent = told.note || size(told.size)
    changed(this.chat)
  }

  progress(bytes) {
    this.bar.value = bytes / this.file.size
    this.note.textContent = gettext("{done} of {size}", { done: size(bytes), size: size(this.file.size) })
  }

  /** Nobody answered: try again by itself, sooner when the network says that it is back. */
  wait() {
    const pause = AGAIN_MS[Math.min(this.tries, AGAIN_MS.length - 1)]
    this.tries += 1
    this.stop(gettext("No connection. It goes on by itself."))
    this.timer = setTimeout(() => this.start(), pause)
  }

  stop(words) {
    this.note.textContent = words
    this.again.hidden = false
  }

  refuse(words) {
    this.refused = true
    this.item.classList.add("refused")
    this.note.textContent = words
    changed(this.chat)
  }

  leave() {
    clearTimeout(this.timer)
    this.request?.abort()
    this.item.remove()
    if (this.address) URL.revokeObjectURL(this.address)
  }

  remove() {
    const form = this.item.contains(document.activeElement) && this.item.closest("form")
    this.leave()
    byChat.set(this.chat, of(this.chat).filter((other) => other !== this))
    changed(this.chat)
    if (form) form.querySelector("textarea").focus()
  }
}

addEventListener("online", () => {
  for (const upload of [...byChat.values()].flat()) if (!upload.again.hidden) upload.start()
})

// --- Where files come from ---------------------------------------------------------------------------------------------

const composerAt = (target) => target.closest?.(".conversation")?.querySelector(".composer")

document.addEventListener("change", (event) => {
  const form = event.target.matches(".composer input[type=file]") && event.target.form
  if (!form) return
  add(form, event.target.files)
  event.target.value = ""
  form.querySelector("textarea").focus()
})

document.addEventListener("paste", (event) => {
  const form = event.target.closest?.(".composer")
  if (!form || !event.clipboardData.files.length) return
  event.preventDefault()
  add(form, event.clipboardData.files)
})

let over = null
function mark(conversation) {
  if (over === conversation) return
  over?.classList.remove("dropping")
  over = conversation
  over?.classList.add("dropping")
}

document.addEventListener("dragover", (event) => {
  const takes = event.dataTransfer?.types.includes("Files") && composerAt(event.target)
  if (event.dataTransfer?.types.includes("Files")) event.preventDefault() // a file dropped beside must not replace the page
  mark(takes ? event.target.closest(".conversation") : null)
})
document.addEventListener("dragleave", (event) => event.relatedTarget || mark(null))
document.addEventListener("drop", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return
  event.preventDefault()
  mark(null)
  const form = composerAt(event.target)
  if (form && event.dataTransfer.files.length) add(form, event.dataTransfer.files)
  else if (form) notice(gettext("Only files can be dropped here."))
  form?.querySelector("textarea").focus()
})
