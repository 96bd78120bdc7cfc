/** How columns, kinds and their warnings are put into words and signs. */
import Binary from '@lucide/svelte/icons/binary'
import CalendarDays from '@lucide/svelte/icons/calendar-days'
import Hash from '@lucide/svelte/icons/hash'
import IdCard from '@lucide/svelte/icons/id-card'
import ImageIcon from '@lucide/svelte/icons/image'
import LetterText from '@lucide/svelte/icons/letter-text'
import Shapes from '@lucide/svelte/icons/shapes'
import type { Component } from 'svelte'
import type { Cell } from '../core/data/column.ts'
import type { Kind } from '../core/data/kinds.ts'
import type { ColumnWarning } from '../core/data/profile.ts'
import { formatCount, formatFixed, formatNumber, formatPercent, formatUtc, shorten } from './format.ts'

type Icon = Component<{ size?: number | string; 'aria-hidden'?: 'true' }>

export const kindLabel: Readonly<Record<Kind, string>> = {
  numeric: 'Number',
  categorical: 'Category',
  boolean: 'Yes or no',
  datetime: 'Date and time',
  text: 'Text',
  id: 'Identifier',
  image: 'Picture',
}
export const kindIcon: Readonly<Record<Kind, Icon>> = {
  numeric: Hash,
  categorical: Shapes,
  boolean: Binary,
  datetime: CalendarDays,
  text: LetterText,
  id: IdCard,
  image: ImageIcon,
}

/** A warning as one or two words, and as a sentence. */
export function warningWords(warning: ColumnWarning): { readonly short: string; readonly long: string } {
  switch (warning.code) {
    case 'constant':
      return { short: 'Constant', long: 'Every value is the same, so this column can teach nothing.' }
    case 'id-like':
      return { short: 'Like an id', long: `Nearly every row has a value of its own (${formatCount(warning.distinct)} distinct): it names rows rather than describing them.` }
    case 'duplicate':
      return { short: 'Duplicate', long: `Holds the same values as “${shorten(warning.of, 60)}”.` }
    case 'mostly-missing':
      return { short: 'Mostly missing', long: `${formatPercent(warning.share)} of its values are missing.` }
    case 'many-categories':
      return { short: 'Many categories', long: `${formatCount(warning.distinct)} categories: most are too rare to learn from.` }
    case 'suspected-leak':
      return {
        short: 'Suspected leak',
        long: `Alone it nearly gives the answer away (${warning.measure === 'auc' ? 'ROC AUC' : 'R²'} ${formatFixed(warning.score, 3)}). Make sure it is known before the outcome is.`,
      }
  }
}

/** A cell as text; the empty text where it is missing. */
export function formatCell(cell: Cell, column: { readonly kind: Kind; readonly categories?: readonly string[]; readonly layout?: string }): string {
  if (cell === null) return ''
  if (typeof cell === 'boolean') return column.categories?.[cell ? 1 : 0] ?? (cell ? 'true' : 'false')
  if (typeof cell === 'number') return column.kind === 'datetime' ? formatUtc(cell, column.layout) : formatNumber(cell, 7)
  return cell
}

/** A sensible width in pixels for a column of a grid. */
export function columnWidth(name: string, kind: Kind): number {
  const base = { numeric: 112, categorical: 128, boolean: 96, datetime: 152, text: 240, id: 152, image: 152 }[kind]
  return Math.min(260, Math.max(base, Math.min(name.length, 28) * 7.5 + 44))
}
