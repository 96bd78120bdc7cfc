/** Places a popover by the thing that opened it, inside the window. */
export function placeBy(anchor: Element, popover: HTMLElement): void {
  const gap = 6
  const edge = 8
  const box = anchor.getBoundingClientRect()
  const { offsetWidth: width, offsetHeight: height } = popover
  const below = box.bottom + gap + height <= innerHeight - edge || box.top < height + gap
  const left = Math.min(Math.max(edge, box.left), Math.max(edge, innerWidth - width - edge))
  popover.style.left = `${left}px`
  popover.style.top = `${Math.max(edge, below ? box.bottom + gap : box.top - gap - height)}px`
}
