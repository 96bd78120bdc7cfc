/**
 * The one door to the chart library: loaded when the first chart is drawn, told to leave the page's styles
 * alone (ui/plotly.css has the few rules it needs), and given escaped figures only.
 */
import { type Chart, type Figure, nameOf } from '../charts/figure.ts'
import type { Palette } from '../charts/palette.ts'
import { escapeFigure } from './escape-figure.ts'
import './plotly.css'

type Events = 'plotly_click'
export interface ClickEvent {
  readonly points: readonly { readonly curveNumber: number; readonly pointNumber: number }[]
}
export interface Drawn extends HTMLElement {
  on?(event: Events, hear: (event: ClickEvent) => void): void
}
interface Library {
  react(place: HTMLElement, data: unknown, layout: unknown, config: unknown): Promise<unknown>
  purge(place: HTMLElement): void
  toImage(figure: unknown, options: { format: 'svg' | 'png'; width: number; height: number; scale?: number }): Promise<string>
}

let library: Promise<Library> | undefined
function load(): Promise<Library> {
  library ??= (() => {
    // Elements of these ids stop the library, and the map library inside it, from writing style elements,
    // which the content policy refuses.
    for (const id of ['plotly.js-style-global', 'ce8d464691048653ffe3a57c6c18ab566e8366f186677868cf724621a857b4fe']) {
      const marker = document.createElement('meta')
      marker.id = id
      marker.className = 'no-inline-styles'
      document.head.append(marker)
    }
    return import('plotly.js-dist-min').then((module: unknown) => {
      const { default: inner } = module as { default?: Library }
      return inner ?? (module as Library)
    })
  })()
  library.catch(() => (library = undefined))
  return library
}

const config = { displayModeBar: false, responsive: false, doubleClick: false, showTips: false, scrollZoom: false, staticPlot: false }
const fontOf = (place: Element): string => getComputedStyle(place).fontFamily

/** Names beside an axis take at most a third of a narrow chart. */
function fitNames(figure: Figure, width: number): Figure {
  const { yaxis } = figure.layout
  const room = Math.max(8, Math.floor(width / 3 / 7))
  if (!yaxis.ticktext?.some((name) => name.length > room)) return figure
  return { ...figure, layout: { ...figure.layout, yaxis: { ...yaxis, ticktext: yaxis.ticktext.map((name) => nameOf(name, room)) } } }
}

function withFont(figure: Figure, family: string, width: number, ground?: string): { data: unknown; layout: unknown } {
  const { data, layout } = escapeFigure(fitNames(figure, width))
  const base = layout as { readonly font?: object }
  return { data, layout: { ...base, width, autosize: false, font: { ...base.font, family }, ...(ground ? { paper_bgcolor: ground, plot_bgcolor: ground } : {}) } }
}

/** Draws, or redraws what is there. @param width in pixels */
export async function drawFigure(place: Drawn, figure: Figure, width: number): Promise<void> {
  const plotly = await load()
  const { data, layout } = withFont(figure, fontOf(place), width)
  await plotly.react(place, data, layout, config)
}
export async function clearFigure(place: HTMLElement): Promise<void> {
  if (library) (await library).purge(place)
}

/** The chart with its title as a picture on the palette's ground. @param width in pixels */
export async function pictureOf(chart: Chart, format: 'svg' | 'png', palette: Palette, width = 900): Promise<Blob> {
  const plotly = await load()
  const head = 36
  const { figure } = chart
  const height = figure.layout.height + head
  const margin = figure.layout['margin'] as { readonly [side: string]: number }
  const titled: Figure = {
    data: figure.data,
    layout: { ...figure.layout, height, title: { text: chart.title, x: 0, xref: 'paper', xanchor: 'left', y: 1, yref: 'container', yanchor: 'top', pad: { t: 14 }, font: { size: 15, color: palette.ink } }, margin: { ...margin, t: (margin['t'] ?? 0) + head } },
  }
  const url = await plotly.toImage(withFont(titled, fontOf(document.body), width, palette.ground), { format, width, height, ...(format === 'png' ? { scale: 2 } : {}) })
  const body = url.slice(url.indexOf(',') + 1)
  if (format === 'svg') return new Blob([url.startsWith('data:image/svg+xml;base64') ? atob(body) : decodeURIComponent(body)], { type: 'image/svg+xml' })
  return new Blob([Uint8Array.from(atob(body), (c) => c.charCodeAt(0))], { type: 'image/png' })
}
