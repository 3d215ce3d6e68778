// The scripts that nobody needs to see the inbox come after its first paint. A tab in the background has none.
const rest = () => import("./inbox.js")

/** Enter before they are there: not lost, only a moment later. */
function early(event) {
  const { target, key } = event
  if (target.id !== "composer-text" || key !== "Enter" || event.isComposing || document.querySelector("#inbox").dataset.ready) return
  const sends = document.querySelector("#inbox").dataset.enterSends === "yes"
  if (event.altKey || (sends ? event.shiftKey : !(event.ctrlKey || event.metaKey))) return
  event.preventDefault()
  if (!event.repeat) rest().then(() => target.form?.requestSubmit())
}
document.addEventListener("keydown", early)

const painted = new PerformanceObserver(() => {
  painted.disconnect()
  rest()
})
painted.observe({ type: "paint", buffered: true })
setTimeout(rest, document.hidden ? 0 : 1500)
