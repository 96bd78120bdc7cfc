/** The arithmetic of a drawing that is moved and zoomed, free of the page so that it can be tested. */

/** A point of the drawing stands at x * scale + left, y * scale + top of its frame. */
export interface View {
  readonly scale: number
  readonly left: number
  readonly top: number
}
export interface Size {
  readonly width: number
  readonly height: number
}
export const scales = { least: 0.15, most: 3 } as const
const edge = 16

/** Zooms about a point of the frame, which stays where it is. */
export function zoomAbout(view: View, factor: number, x: number, y: number): View {
  const scale = Math.min(scales.most, Math.max(scales.least, view.scale * factor))
  const by = scale / view.scale
  return { scale, left: x - (x - view.left) * by, top: y - (y - view.top) * by }
}

/** Moves, but never so far that nothing of the drawing is left in the frame. */
export function moveBy(view: View, dx: number, dy: number, drawing: Size, frame: Size): View {
  const keep = (at: number, size: number, room: number): number => Math.min(room - edge * 3, Math.max(edge * 3 - size * view.scale, at))
  return { ...view, left: keep(view.left + dx, drawing.width, frame.width), top: keep(view.top + dy, drawing.height, frame.height) }
}

/** The whole drawing, centred, never larger than life. */
export function fitted(drawing: Size, frame: Size): View {
  const scale = Math.min(1, Math.max(scales.least, Math.min((frame.width - 2 * edge) / Math.max(1, drawing.width), (frame.height - 2 * edge) / Math.max(1, drawing.height))))
  return { scale, left: (frame.width - drawing.width * scale) / 2, top: (frame.height - drawing.height * scale) / 2 }
}

/** The least move that brings a box of the drawing into the frame. */
export function showing(view: View, box: Size & { readonly x: number; readonly y: number }, frame: Size): View {
  const shift = (from: number, size: number, room: number): number => {
    const to = from + size
    if (from < edge || size > room - 2 * edge) return edge - from
    return to > room - edge ? room - edge - to : 0
  }
  const left = view.left + shift(box.x * view.scale + view.left, box.width * view.scale, frame.width)
  const top = view.top + shift(box.y * view.scale + view.top, box.height * view.scale, frame.height)
  return { ...view, left, top }
}

/** Lines of at most so many characters, broken at spaces where there are any; what is too much ends in an ellipsis. */
export function wrapped(text: string, characters: number, lines: number): string[] {
  const made: string[] = []
  let rest = text.slice(0, characters * lines * 4).replace(/\s+/g, ' ').trim()
  while (rest !== '' && made.length < lines) {
    if (rest.length <= characters) return [...made, rest]
    const isLast = made.length === lines - 1
    const cut = rest.lastIndexOf(' ', characters)
    const at = isLast ? characters - 1 : cut > characters / 3 ? cut : characters
    made.push(isLast ? `${rest.slice(0, at)}…` : rest.slice(0, at))
    rest = rest.slice(at).trim()
  }
  return made
}
