// What floats beside something: a menu, a picker, a choice of times.

const EDGE = 8 // px that stay free at the edges of the window

/** Show a popover under `anchor`, or over it where there is no room below; from its left edge, or up to its right one. */
export function showBeside(popover, anchor, { right = false } = {}) {
  popover.showPopover()
  popover.style.inset = "auto"
  const at = anchor.getBoundingClientRect()
  const { width, height } = popover.getBoundingClientRect()
  const fits = at.bottom + height + EDGE < innerHeight
  popover.style.top = `${fits ? at.bottom + 4 : Math.max(EDGE, at.top - height - 4)}px`
  popover.style.left = `${Math.max(EDGE, Math.min(innerWidth - width - EDGE, right ? at.right - width : at.left))}px`
}
