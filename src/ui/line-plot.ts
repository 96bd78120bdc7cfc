/** The arithmetic of LinePlot, free of the page so that it can be tested. */
import type { Figure, LineTrace } from '../charts/figure.ts'

export interface Scale {
  readonly low: number
  readonly high: number
  /** Pixel of a value. */
  at(value: number): number
  /** Value of a pixel. */
  of(pixel: number): number
}
export function scaleOf(low: number, high: number, from: number, to: number): Scale {
  const width = high - low || 1
  return { low, high, at: (value) => from + ((value - low) / width) * (to - from), of: (pixel) => low + ((pixel - from) / (to - from || 1)) * width }
}

/** Ends of all values of an axis, with a little room; the layout's own range where it has one. */
export function rangeOf(figure: Figure, which: 'x' | 'y'): readonly [number, number] {
  const own = (which === 'x' ? figure.layout.xaxis : figure.layout.yaxis).range
  if (own) return own
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const trace of figure.data) {
    if (trace.type !== 'scatter') continue
    for (const value of (trace as LineTrace)[which]) {
      if (value === null) continue
      if (value < low) low = value
      if (value > high) high = value
    }
  }
  if (low > high) return [0, 1]
  const room = (high - low) * 0.03 || Math.abs(low) * 0.05 || 0.5
  return [low - room, high + room]
}

/** Round numbers inside a range: steps of 1, 2 or 5 times a power of ten, about `count` of them, and at least two. */
export function ticksOf(low: number, high: number, count: number): number[] {
  const raw = (high - low) / Math.max(1, count)
  if (!(raw > 0) || !Number.isFinite(raw)) return [low]
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999) ?? 10)
  const ticks: number[] = []
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) ticks.push(Number((i * step).toPrecision(12)))
  // One number alone is no scale.
  return ticks.length < 2 ? ticksOf(low, high, 2 * Math.max(1, count)) : ticks
}

/** An SVG path through the points; `vh` and `hv` are steps, nulls break the line. */
export function pathOf(trace: LineTrace, x: Scale, y: Scale): string {
  const shape = trace.line?.shape ?? 'linear'
  let path = ''
  let open = false
  for (let i = 0; i < trace.x.length; i++) {
    const vx = trace.x[i]
    const vy = trace.y[i]
    if (vx === null || vx === undefined || vy === null || vy === undefined) {
      open = false
      continue
    }
    const px = x.at(vx).toFixed(1)
    const py = y.at(vy).toFixed(1)
    if (!open) path += `M${px} ${py}`
    else if (shape === 'vh') path += `V${py}H${px}`
    else if (shape === 'hv') path += `H${px}V${py}`
    else path += `L${px} ${py}`
    open = true
  }
  return path
}

/** The index of the point of a path that is nearest to a pixel. */
export function nearestIndex(xs: readonly number[], ys: readonly number[], x: Scale, y: Scale, px: number, py: number): number {
  let best = 0
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < xs.length; i++) {
    const dx = x.at(xs[i] as number) - px
    const dy = y.at(ys[i] as number) - py
    const distance = dx * dx + dy * dy
    if (distance < least) {
      least = distance
      best = i
    }
  }
  return best
}
