// What every page of a workspace has once it is painted: the list of keys and the palette.

import { gettext, notice } from "./app.js"
import { shortcut, showKeys } from "./keys.js"

const group = gettext("Everywhere")
let palette = null
/** Find a chat, a page or an action by its words. */
export const openPalette = () => (palette ??= import("./palette.js")).then((module) => module.open())

shortcut("mod+k", gettext("Find a chat, a page or an action"), () => void openPalette(), {
  group,
  typing: true,
  palette: false,
  when: () => !document.querySelector("dialog:modal:not(#palette)"),
})
shortcut("?", gettext("Keyboard"), showKeys, { group })

// The wish for notifications is kept with the person; the browser wants to be asked by a click, once for each device.
document.addEventListener("change", async ({ target }) => {
  if (target.name !== "desktop_notices" || !target.checked || !globalThis.Notification) return
  if ((await Notification.requestPermission()) === "granted") return
  target.checked = false
  notice(gettext("The browser blocks notifications of this page. Allow them beside its address."), { bad: true })
})

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-palette]")) openPalette()
  else if (event.target.closest("[data-keys]")) showKeys()
  else if (event.target.closest("#keys [data-close]") || event.target.id === "keys") event.target.closest("dialog").close()
})
