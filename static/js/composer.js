// Writing: the box grows, keeps its draft, takes files, answers a message, and sends once however often Enter is hit.

import { me, notice } from "./app.js"
import { send } from "./outgoing.js"

const form = () => document.querySelector("#composer")
const box = () => document.querySelector("#composer-text")
const keyOf = (chat) => `waybill:draft:${me.member}:${chat}`

let uploads = []

// --- Drafts: kept on this device, with the client id that the message will have -------------------------------------------

// Another tab may have sent and cleared the draft a moment before this one hears of it: what stands here is still that one.
let shown = {}

function draftOf(chat) {
  const draft = JSON.parse(localStorage.getItem(keyOf(chat)) ?? "null") ?? { text: "", clientId: "", quoted: null }
  shown = { ...draft, chat }
  return draft
}

function keep(change) {
  const { chat } = form().dataset
  const before = shown
  const draft = { ...draftOf(chat), ...change }
  if (!draft.clientId && before.chat === chat && before.text === draft.text) draft.clientId = before.clientId
  draft.clientId ||= crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`
  if (draft.text || draft.quoted) localStorage.setItem(keyOf(chat), JSON.stringify(draft))
  else localStorage.removeItem(keyOf(chat))
  shown = { ...draft, chat }
  return draft
}

/** Prepare the box of a conversation that was just drawn. */
export function begin() {
  if (!form()) return
  for (const upload of uploads) upload.stop()
  uploads = []
  const early = box().value // written before this script was there: it wins over an older draft
  const draft = early ? keep({ text: early }) : draftOf(form().dataset.chat)
  box().value = draft.text
  drawQuoted(draft.quoted)
  grow()
  const chosen = document.querySelector("#composer-files")
  if (chosen.files.length) add(chosen.files)
  chosen.value = ""
}

export const focus = () => box()?.focus({ preventScroll: true })

function grow() {
  if (CSS.supports("field-sizing", "content")) return
  box().style.height = "auto"
  box().style.height = `${box().scrollHeight}px`
}

function drawQuoted(quoted) {
  const chip = document.querySelector("#reply-chip")
  chip.hidden = !quoted
  chip.querySelector("b").textContent = quoted?.name ?? ""
  chip.querySelector("span").textContent = quoted?.text ?? ""
}

/** Answer this message. */
export function reply(message) {
  if (!form() || !message?.dataset.id) return
  const quoted = {
    id: message.dataset.id,
    name: message.querySelector(".author")?.textContent.trim() || "Message",
    text: (message.querySelector(".text") ?? message.querySelector(".bubble"))?.textContent.replace(/\s+/g, " ").trim().slice(0, 200) ?? "",
  }
  keep({ quoted })
  drawQuoted(quoted)
  focus()
}

// --- Sending -----------------------------------------------------------------------------------------------------------

function submit() {
  const text = box().value
  const ready = uploads.filter((upload) => upload.id)
  if (uploads.some((upload) => !upload.id && !upload.refused)) return hint("Still uploading")
  if (!text.trim() && !ready.length) return
  const { chat } = form().dataset
  const draft = keep({ text })
  const common = { chat, url: form().action, quoted: draft.quoted }
  const entries = ready.length
    ? ready.map((upload, nth) => ({
        ...common,
        clientId: nth ? `${draft.clientId}-${nth}` : draft.clientId,
        text: nth ? "" : text,
        quoted: nth ? null : draft.quoted,
        attachment: { id: upload.id, name: upload.name },
      }))
    : [{ ...common, clientId: draft.clientId, text }]
  clear(chat)
  for (const entry of entries) send(entry)
}

function clear(chat) {
  localStorage.removeItem(keyOf(chat))
  shown = {}
  box().value = ""
  drawQuoted(null)
  for (const upload of uploads) upload.item.remove()
  uploads = []
  hint("")
  grow()
  focus()
}

function hint(words) {
  const place = document.querySelector("#composer-hint")
  place.dataset.usual ??= place.textContent
  place.textContent = words || place.dataset.usual
}

document.addEventListener("submit", (event) => {
  if (event.target.id !== "composer") return
  event.preventDefault()
  submit()
})

document.addEventListener("keydown", (event) => {
  if (event.target.id !== "composer-text" || event.key !== "Enter" || event.isComposing || event.keyCode === 229) return
  const entersSend = document.querySelector("#inbox").dataset.enterSends === "yes"
  const modified = event.ctrlKey || event.metaKey
  if (event.altKey || (entersSend ? event.shiftKey : !modified)) return
  event.preventDefault()
  if (!event.repeat) submit()
})

document.addEventListener("input", (event) => {
  if (event.target.id !== "composer-text") return
  keep({ text: event.target.value })
  hint("")
  grow()
})

addEventListener("storage", (event) => {
  if (!form() || event.key !== keyOf(form().dataset.chat)) return
  const draft = draftOf(form().dataset.chat)
  if (document.activeElement === box() && draft.text && document.hasFocus()) return // two are writing: neither is overwritten
  box().value = draft.text
  drawQuoted(draft.quoted)
  grow()
})

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reply], [data-no-reply]")
  if (!button) return
  if (button.dataset.reply !== undefined) return reply(button.closest(".message"))
  keep({ quoted: null })
  drawQuoted(null)
  focus()
})

/** Put an emoji where the cursor stands. */
export function insert(text) {
  const area = box()
  area.setRangeText(text, area.selectionStart, area.selectionEnd, "end")
  keep({ text: area.value })
  grow()
  focus()
}

// --- Files -------------------------------------------------------------------------------------------------------------

const size = (bytes) => (bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`)

function add(files) {
  if (!form()) return
  for (const file of files) uploads.push(upload(file))
  focus()
}

function upload(file) {
  const { uploads: url, uploadLimit } = document.querySelector("#inbox").dataset
  const item = document.querySelector("#file-template").content.firstElementChild.cloneNode(true)
  const note = item.querySelector("small")
  const bar = item.querySelector("progress")
  const self = { item, name: file.name || "file", id: "", refused: false, stop: () => request.abort() }
  item.querySelector("b").textContent = self.name
  note.textContent = size(file.size)
  if (file.type.startsWith("image/")) {
    const image = document.createElement("img")
    image.alt = ""
    image.src = URL.createObjectURL(file)
    image.onload = () => URL.revokeObjectURL(image.src)
    item.querySelector(".thumb").replaceChildren(image)
  }
  const refuse = (words) => {
    self.refused = true
    item.classList.add("refused")
    note.textContent = words
  }
  const request = new XMLHttpRequest() // fetch tells no progress
  item.querySelector("button").onclick = () => {
    request.abort()
    item.remove()
    uploads = uploads.filter((other) => other !== self)
    focus()
  }
  document.querySelector("#files").append(item)
  if (file.size > Number(uploadLimit)) {
    refuse(`${size(file.size)} is too much. Up to ${size(Number(uploadLimit))}.`)
    return self
  }
  request.upload.onprogress = (event) => event.lengthComputable && (bar.value = event.loaded / event.total)
  request.onload = () => {
    if (request.status === 201) {
      self.id = JSON.parse(request.responseText).id
      item.classList.add("ready")
      note.textContent = `${size(file.size)} · ready`
      hint("")
    } else refuse(request.getResponseHeader("Content-Type")?.startsWith("text/plain") ? request.responseText : "It was not taken.")
  }
  request.onerror = () => refuse("No connection. Remove it and add it again.")
  request.open("POST", url)
  request.setRequestHeader("X-CSRFToken", me.csrf)
  request.setRequestHeader("HX-Request", "true")
  const body = new FormData()
  body.set("file", file, self.name)
  request.send(body)
  return self
}

document.addEventListener("change", (event) => {
  if (event.target.id !== "composer-files") return
  add(event.target.files)
  event.target.value = ""
})

document.addEventListener("paste", (event) => {
  if (event.target.id !== "composer-text" || !event.clipboardData.files.length) return
  event.preventDefault()
  add(event.clipboardData.files)
})

const dragsFiles = (event) => form() && event.dataTransfer?.types.includes("Files") && event.target.closest?.("#conversation")
document.addEventListener("dragover", (event) => {
  const over = dragsFiles(event)
  document.querySelector("#conversation")?.classList.toggle("dropping", Boolean(over))
  if (over) event.preventDefault()
})
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.querySelector("#conversation")?.classList.remove("dropping")
})
document.addEventListener("drop", (event) => {
  if (!dragsFiles(event)) return
  event.preventDefault()
  document.querySelector("#conversation").classList.remove("dropping")
  if (event.dataTransfer.files.length) add(event.dataTransfer.files)
  else notice("Only files can be dropped here.")
})
