// The scripts that nobody needs to see the inbox come after its first paint. A tab in the background has none.
const rest = () => import("./inbox.js")
const painted = new PerformanceObserver(() => {
  painted.disconnect()
  rest()
})
painted.observe({ type: "paint", buffered: true })
setTimeout(rest, document.hidden ? 0 : 1500)
