/** A drawing of our own as a picture to take away: with its ground, its type and its title. */
import type { Palette } from '../charts/palette.ts'

const head = 32
const space = 'http://www.w3.org/2000/svg'

/** @param width and height of what is drawn, in its own units; colours must be attributes, not classes */
export async function pictureOfSvg(svg: SVGSVGElement, { title, width, height, palette, format }: { readonly title: string; readonly width: number; readonly height: number; readonly palette: Palette; readonly format: 'svg' | 'png' }): Promise<Blob> {
  const copy = svg.cloneNode(true) as SVGSVGElement
  for (const [name, value] of [['xmlns', space], ['width', String(width)], ['height', String(height + head)], ['viewBox', `0 ${-head} ${width} ${height + head}`], ['font-family', getComputedStyle(svg).fontFamily], ['font-size', '12']] as const) copy.setAttribute(name, value)
  const ground = document.createElementNS(space, 'rect')
  for (const [name, value] of [['width', '100%'], ['height', '100%'], ['y', String(-head)], ['fill', palette.ground]] as const) ground.setAttribute(name, value)
  const heading = document.createElementNS(space, 'text')
  for (const [name, value] of [['x', '8'], ['y', '-10'], ['font-size', '15'], ['fill', palette.ink]] as const) heading.setAttribute(name, value)
  heading.textContent = title
  copy.prepend(ground, heading)
  const blob = new Blob([new XMLSerializer().serializeToString(copy)], { type: 'image/svg+xml' })
  if (format === 'svg') return blob
  const url = URL.createObjectURL(blob)
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const canvas = document.createElement('canvas')
    // Browsers refuse canvases of more than about 16,000 pixels a side.
    const scale = Math.min(2, 8000 / Math.max(width, height + head))
    canvas.width = width * scale
    canvas.height = (height + head) * scale
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
    return await new Promise((resolve, reject) => canvas.toBlob((made) => (made ? resolve(made) : reject(new Error('missing picture')))))
  } finally {
    URL.revokeObjectURL(url)
  }
}
