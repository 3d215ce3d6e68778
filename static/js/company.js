// Who else is in the open chat, and who types. Known from the socket alone; whoever is silent for a while is forgotten.

import { element, ngettext } from "./app.js"

const VIEWS_MS = 65_000
const TYPES_MS = 6000

let chat = ""
let people = new Map() // member id: {state, at}
let names = new Map()

/** Nobody is known to be in this chat yet. */
export function begin(id) {
  chat = id
  people = new Map()
  draw()
}

/** A frame about somebody in a chat. */
export function heard({ chat: where, member, state, ...face }) {
  if (where !== chat) return
  names.set(member, face)
  if (state === "left") people.delete(member)
  else people.set(member, { state, at: Date.now() })
  draw()
}

function draw() {
  const place = document.querySelector("#conversation .company")
  if (!place) return
  const now = Date.now()
  for (const [member, { at }] of people) if (now - at > VIEWS_MS) people.delete(member)
  const typing = [...people].filter(([, { state, at }]) => state === "types" && now - at < TYPES_MS).map(([member]) => member)
  const all = [...people.keys()]
  const first = (member) => names.get(member).name.split(" ")[0]
  const words = typing.length
    ? ngettext("{who} is typing…", "{who} are typing…", typing.length, { who: typing.map(first).join(", ") })
    : all.length ? ngettext("{who} is here", "{who} are here", all.length, { who: all.map(first).join(", ") }) : ""
  const shown = [words, ...all, ...typing].join()
  if (place.dataset.shown === shown) return // drawn anew it would be read out anew
  place.dataset.shown = shown
  place.title = words
  place.replaceChildren(...all.slice(0, 3).map((member) => face(member, typing.includes(member))))
  if (words) place.append(element("span", { className: "said" }, words))
}

function face(member, types) {
  const { initials, hue } = names.get(member)
  return element("span", { className: types ? "face small types" : "face small", ariaHidden: "true", dataset: { h: hue } }, initials)
}

setInterval(draw, 2000)
