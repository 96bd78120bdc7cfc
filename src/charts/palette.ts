/**
 * The colours of charts, light and dark: the twins of the tokens in app/styles/tokens.css (a test holds
 * the two together), because a figure is plain JSON and cannot name a custom property.
 */
export interface Palette {
  readonly ground: string
  readonly raised: string
  readonly ink: string
  readonly muted: string
  readonly line: string
  readonly axis: string
  readonly accent: string
  /** Marks without another meaning, such as the bars of a histogram. */
  readonly data: string
  /** What a model must beat, and diagonals of reference. */
  readonly baseline: string
  /** Classes, models and curves, in this order; told apart under the common colour-vision deficiencies. */
  readonly series: readonly [string, string, string, string, string, string, string, string]
  readonly less: string
  readonly more: string
}

export const light: Palette = {
  ground: '#fcfcfa',
  raised: '#ffffff',
  ink: '#17211d',
  muted: '#4d5a55',
  line: '#dfe3df',
  axis: '#83908a',
  accent: '#0a6350',
  data: '#5f7f9e',
  baseline: '#7a807d',
  series: ['#0072b2', '#c65200', '#007f5f', '#a8447f', '#8a6d00', '#3a7ca5', '#5b4ea3', '#4a4f4d'],
  less: '#0072b2',
  more: '#c65200',
}

export const dark: Palette = {
  ground: '#121716',
  raised: '#1a2120',
  ink: '#e6edea',
  muted: '#a5b2ad',
  line: '#2a3331',
  axis: '#6f7d78',
  accent: '#63cdae',
  data: '#86a9c8',
  baseline: '#9aa3a0',
  series: ['#56a9e0', '#f08a3c', '#2fbf97', '#e08fc0', '#e6c229', '#8fd0f5', '#a79cf0', '#c2c8c5'],
  less: '#56a9e0',
  more: '#f08a3c',
}

/** The i-th series; from the ninth on colours repeat and the dash (see `dashOf`) tells them apart. */
export const seriesColour = (palette: Palette, i: number): string => palette.series[i % palette.series.length] as string

/** `rgba(...)` of a six-digit hex colour. @param alpha in [0, 1] */
export function withAlpha(hex: string, alpha: number): string {
  const channel = (at: number): number => Number.parseInt(hex.slice(at, at + 2), 16)
  return `rgba(${channel(1)},${channel(3)},${channel(5)},${alpha})`
}
