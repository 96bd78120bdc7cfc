/**
 * Plotly reads <b>, <br>, <a href> and entities in any text it is given. Here every text of a figure is made
 * to stand for itself, in one place; only `hovertemplate`, which our charts write without names, is let through.
 */
import type { Figure, Json } from '../charts/figure.ts'

export const escapeText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

function escaped(value: Json | undefined): Json | undefined {
  if (typeof value === 'string') return escapeText(value)
  if (Array.isArray(value)) return (value as readonly Json[]).map((entry) => escaped(entry) as Json)
  if (value === null || typeof value !== 'object') return value
  // Keys come from our chart functions, never from data.
  return Object.fromEntries(Object.entries(value as { readonly [key: string]: Json }).map(([key, entry]) => [key, key === 'hovertemplate' ? entry : (escaped(entry) as Json)]))
}

export const escapeFigure = (figure: Figure): { data: Json; layout: Json } => escaped({ data: figure.data as unknown as Json, layout: figure.layout as unknown as Json }) as { data: Json; layout: Json }
