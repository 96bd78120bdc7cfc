/** Where everything in the grid of pictures lies, so that only what is in view is on the page. */
import { leastPictures } from '../../core/images/labels.ts'
import type { PictureRecord } from '../../storage/records.ts'

export interface Group {
  /** null: pictures without a class. */
  readonly label: string | null
  readonly pictures: readonly PictureRecord[]
}
export interface Place {
  readonly group: Group
  readonly top: number
  readonly height: number
  /** Index of the first and behind the last picture in view. */
  readonly from: number
  readonly to: number
}
export interface Layout {
  /** Side of a picture. */
  readonly cell: number
  readonly columns: number
  readonly height: number
  /** Groups of which something is in view. */
  readonly places: readonly Place[]
}
/** Cells are at least this wide; what is left of the width is shared among them. */
const leastCell = 88
export const gap = 6
export const headHeight = 46
/** Room for the sentence of an empty class. */
export const emptyHeight = 52
const groupGap = 18
/** Pixels above and below the view that are there already when one scrolls. */
const margin = 300

export const columnsOf = (width: number): number => Math.max(1, Math.floor((width + gap) / (leastCell + gap)))
const bodyHeight = (count: number, columns: number, cell: number): number => (count === 0 ? emptyHeight : Math.ceil(count / columns) * (cell + gap))

/** Classes in the person's order; pictures without one come first, so that they are seen. */
export function groupsOf(pictures: readonly PictureRecord[], classes: readonly string[]): Group[] {
  const byLabel = new Map<string | null, PictureRecord[]>([[null, []], ...classes.map((name): [string, PictureRecord[]] => [name, []])])
  for (const picture of pictures) byLabel.get(picture.label)?.push(picture)
  return [...byLabel].filter(([label, list]) => label !== null || list.length > 0).map(([label, list]) => ({ label, pictures: list }))
}

export function layoutOf(groups: readonly Group[], width: number, scrollTop: number, viewHeight: number): Layout {
  const columns = columnsOf(width)
  const cell = Math.max(leastCell, (width - (columns - 1) * gap) / columns)
  const from = scrollTop - margin
  const to = scrollTop + viewHeight + margin
  const places: Place[] = []
  let top = 0
  for (const group of groups) {
    const height = headHeight + bodyHeight(group.pictures.length, columns, cell) + groupGap
    if (top + height >= from && top <= to) {
      const body = top + headHeight
      const row = (y: number): number => Math.floor((y - body) / (cell + gap))
      places.push({
        group,
        top,
        height: height - groupGap,
        from: Math.min(group.pictures.length, Math.max(0, row(from)) * columns),
        to: Math.max(0, Math.min(group.pictures.length, (row(to) + 1) * columns)),
      })
    }
    top += height
  }
  return { cell, columns, height: top, places }
}

/** Top of a class in the whole grid; its end where there is none. */
export function topOfClass(groups: readonly Group[], { columns, cell }: Pick<Layout, 'columns' | 'cell'>, label: string): number {
  let top = 0
  for (const group of groups) {
    if (group.label === label) return top
    top += headHeight + bodyHeight(group.pictures.length, columns, cell) + groupGap
  }
  return top
}

/** Top of a picture in the whole grid; undefined where it is not there. */
export function topOf(groups: readonly Group[], { columns, cell }: Pick<Layout, 'columns' | 'cell'>, id: string): number | undefined {
  let top = 0
  for (const { pictures } of groups) {
    const at = pictures.findIndex((picture) => picture.id === id)
    if (at >= 0) return top + headHeight + Math.floor(at / columns) * (cell + gap)
    top += headHeight + bodyHeight(pictures.length, columns, cell) + groupGap
  }
  return undefined
}

/** Where an arrow key leads: rows within a class, then on to the class above or below at the same column. */
export function step(groups: readonly Group[], columns: number, id: string, key: string): string | undefined {
  const full = groups.filter(({ pictures }) => pictures.length > 0)
  const g = full.findIndex(({ pictures }) => pictures.some((picture) => picture.id === id))
  const group = full[g]
  if (!group) return full[0]?.pictures[0]?.id
  const { pictures } = group
  const at = pictures.findIndex((picture) => picture.id === id)
  const column = at % columns
  const above = full[g - 1]?.pictures
  const below = full[g + 1]?.pictures
  switch (key) {
    case 'ArrowRight':
      return (pictures[at + 1] ?? below?.[0])?.id
    case 'ArrowLeft':
      return (pictures[at - 1] ?? above?.at(-1))?.id
    case 'ArrowDown':
      if (at + columns < pictures.length) return pictures[at + columns]?.id
      // The last row may be short: its end is still below.
      if (Math.floor(at / columns) < Math.floor((pictures.length - 1) / columns)) return pictures.at(-1)?.id
      return below?.[Math.min(column, below.length - 1)]?.id
    case 'ArrowUp': {
      if (at >= columns) return pictures[at - columns]?.id
      if (!above) return undefined
      const lastRow = Math.floor((above.length - 1) / columns) * columns
      return above[Math.min(lastRow + column, above.length - 1)]?.id
    }
    case 'Home':
      return pictures[0]?.id
    case 'End':
      return pictures.at(-1)?.id
    default:
      return undefined
  }
}

/** All ids between two pictures, both included, in the order of the grid. */
export function between(groups: readonly Group[], a: string, b: string): string[] {
  const ids = groups.flatMap(({ pictures }) => pictures.map(({ id }) => id))
  const [x, y] = [ids.indexOf(a), ids.indexOf(b)]
  return x < 0 || y < 0 ? [b] : ids.slice(Math.min(x, y), Math.max(x, y) + 1)
}

export interface Advice {
  readonly text: string
  /** Training would make no sense. */
  readonly blocks: boolean
}
const enough = 10

/** What is still missing before training, the most important first; undefined where nothing is. */
export function adviceOf(groups: readonly Group[]): Advice | undefined {
  const named = groups.filter(({ label }) => label !== null)
  const filled = named.filter(({ pictures }) => pictures.length > 0)
  if (filled.length === 0) return { text: 'Add pictures of at least two kinds of things, such as cats and dogs. Each kind is a class.', blocks: true }
  if (filled.length === 1) return { text: `All pictures are of one class, “${filled[0]?.label}”. A model learns to tell things apart: it needs a second class with pictures.`, blocks: true }
  const single = filled.find(({ pictures }) => pictures.length < leastPictures)
  if (single) return { text: `“${single.label}” has one picture only: nothing is left to judge by. Add more, or delete the class.`, blocks: true }
  const few = filled.filter(({ pictures }) => pictures.length < enough)
  if (few.length > 0) return { text: `${few.map(({ label }) => `“${label}”`).slice(0, 3).join(', ')}${few.length > 3 ? ` and ${few.length - 3} more` : ''}: fewer than ${enough} pictures. It will train, but its scores will be rough guesses.`, blocks: false }
  const empty = named.find(({ pictures }) => pictures.length === 0)
  if (empty) return { text: `“${empty.label}” has no pictures yet and is left out of training.`, blocks: false }
  const counts = filled.map(({ pictures }) => pictures.length)
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  if (most >= 5 * least) return { text: `The largest class has ${Math.round(most / least)} times as many pictures as the smallest: the model may lean towards it.`, blocks: false }
  return undefined
}
