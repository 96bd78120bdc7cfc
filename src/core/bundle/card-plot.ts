/** A plot of a model card: numbers, and an inline SVG that needs no script and takes the colour of the text around it. */
import { escapeHtml } from '../html.ts'
import { needsPower, powerOfTen, trueMinus } from '../powers.ts'

export interface PlotAxis {
  readonly title: string
  readonly low: number
  readonly high: number
}
export type PlotMark =
  /** Straight from point to point; 'step' first to the height of the next point, then along. */
  | { readonly kind: 'line' | 'step' | 'dashed'; readonly x: readonly number[]; readonly y: readonly number[] }
  /** @field weight in [0, 1]: area of the dot */
  | { readonly kind: 'dots'; readonly x: readonly number[]; readonly y: readonly number[]; readonly weight?: readonly number[] }
  /** Upright strokes. */
  | { readonly kind: 'spans'; readonly x: readonly number[]; readonly low: readonly number[]; readonly high: readonly number[] }
  /** @field edges one more than heights */
  | { readonly kind: 'bars'; readonly edges: readonly number[]; readonly heights: readonly number[] }
export interface Plot {
  readonly x: PlotAxis
  readonly y: PlotAxis
  readonly marks: readonly PlotMark[]
}

/** Four digits, as the card's tables have them. */
export const shortNumber = (value: number): string => (needsPower(value) ? powerOfTen(value, 4) : trueMinus(String(Number(value.toPrecision(4)))))

/** Round numbers within [low, high], about five of them: steps of 1, 2 or 5 times a power of ten. */
export function ticksOf(low: number, high: number): number[] {
  const rough = (high - low) / 5
  if (!(rough > 0) || !Number.isFinite(rough)) return [low]
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5].find((times) => times * power >= rough * 0.999) ?? 10) * power
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

const [width, height] = [420, 300]
const inner = { left: 64, right: 408, top: 12, bottom: 252 }

/** @param title what it is, read out as its name; @param description what it shows */
export function plotSvg({ x, y, marks }: Plot, title: string, description: string): string {
  const scale = ({ low, high }: PlotAxis, from: number, to: number) => (value: number): number => Number((from + ((value - low) / (high - low || 1)) * (to - from)).toFixed(1))
  const atX = scale(x, inner.left, inner.right)
  const atY = scale(y, inner.bottom, inner.top)
  const path = (mark: { readonly x: readonly number[]; readonly y: readonly number[] }, step: boolean): string =>
    mark.x.map((value, i) => {
      const [px, py] = [atX(value), atY(mark.y[i] as number)]
      return i === 0 ? `M${px} ${py}` : step ? `V${py}H${px}` : `L${px} ${py}`
    }).join('')
  const draw = (mark: PlotMark): string => {
    switch (mark.kind) {
      case 'line':
      case 'step':
        return `<path d="${path(mark, mark.kind === 'step')}" fill="none" stroke="currentColor" stroke-width="2"/>`
      case 'dashed':
        return `<path d="${path(mark, false)}" fill="none" stroke="currentColor" stroke-opacity="0.6" stroke-dasharray="5 4"/>`
      case 'dots':
        return mark.x.map((value, i) => `<circle cx="${atX(value)}" cy="${atY(mark.y[i] as number)}" r="${(2 + 5 * Math.sqrt(mark.weight?.[i] ?? 0.1)).toFixed(1)}" fill="currentColor"/>`).join('')
      case 'spans':
        return mark.x.map((value, i) => `<path d="M${atX(value)} ${atY(mark.low[i] as number)}V${atY(mark.high[i] as number)}" stroke="currentColor" stroke-opacity="0.5" stroke-width="4"/>`).join('')
      case 'bars':
        return mark.heights.map((tall, i) => {
          const [from, to] = [atX(mark.edges[i] as number), atX(mark.edges[i + 1] as number)]
          return `<rect x="${from}" y="${atY(tall)}" width="${Math.max(1, to - from - 1).toFixed(1)}" height="${(inner.bottom - atY(tall)).toFixed(1)}" fill="currentColor" fill-opacity="0.7"/>`
        }).join('')
    }
  }
  const gridX = ticksOf(x.low, x.high).map((tick) => `<path d="M${atX(tick)} ${inner.bottom}v5" stroke="currentColor"/><text x="${atX(tick)}" y="${inner.bottom + 19}" text-anchor="middle">${shortNumber(tick)}</text>`)
  const gridY = ticksOf(y.low, y.high).map((tick) => `<path d="M${inner.left} ${atY(tick)}H${inner.right}" stroke="currentColor" stroke-opacity="0.15"/><text x="${inner.left - 7}" y="${atY(tick) + 4}" text-anchor="end">${shortNumber(tick)}</text>`)
  const middle = (inner.top + inner.bottom) / 2
  const named = `<text x="${(inner.left + inner.right) / 2}" y="${height - 8}" text-anchor="middle">${escapeHtml(x.title)}</text><text transform="translate(13 ${middle}) rotate(-90)" text-anchor="middle">${escapeHtml(y.title)}</text>`
  const frame = `<path d="M${inner.left} ${inner.top}V${inner.bottom}H${inner.right}" fill="none" stroke="currentColor"/>`
  return `<svg role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" style="max-width:100%;height:auto"><title>${escapeHtml(title)}</title><desc>${escapeHtml(description)}</desc><g font-size="12" fill="currentColor">${gridY.join('')}${gridX.join('')}${named}</g>${frame}${marks.map(draw).join('')}</svg>`
}
