/** A model of tables, asked by hand: a control for each column, the answer, and how it moves with the number that was moved last. */
import { Coalesce } from '../../state/coalesce.ts'
import type { GoldenCell } from '../../core/bundle/golden.ts'
import type { SignatureInput } from '../../core/bundle/signature.ts'
import { breath, byId, type CardAnswer, type CardModel, make, showAnswer, showProblem, write } from './answer.ts'

type Cells = readonly GoldenCell[]
/** Answers rows of cells in the signature's order. */
export type AskRows = (rows: readonly Cells[]) => readonly CardAnswer[] | Promise<readonly CardAnswer[]>

const isNumber = ({ kind }: SignatureInput): boolean => kind === 'numeric' || kind === 'datetime'
/** Where a slider goes from and to, of a column whose numbers differ. */
const rangeOf = ({ min, max }: SignatureInput): readonly [number, number] | undefined => (min !== undefined && max !== undefined && min < max ? [min, max] : undefined)
const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 16)
const momentOf = (field: HTMLInputElement): number => Date.parse(`${field.value}Z`) / 1000
const unseen = ' never seen in training'
const curveSteps = 60

export function tablePage(model: CardModel, askRows: AskRows): void {
  const cells = [...model.start]
  let along = model.inputs.findIndex((input) => isNumber(input) && rangeOf(input))
  /** Of which class the reader asked to see the curve. */
  let picked: number | undefined
  /** Without a choice: of two classes the positive one, else the one that is answered. */
  const drawnClass = (answer: CardAnswer): number => ('value' in answer ? 0 : (picked ?? (model.classes.length === 2 ? 1 : model.classes.indexOf(answer.label))))
  /** The one number that a curve shows: the value, or the probability of a class. */
  const heightOf = (answer: CardAnswer, drawn: number): number => ('value' in answer ? answer.value : (answer.probabilities[drawn] as number))
  const pick = (index: number): void => {
    picked = index
    show()
  }

  interface Question {
    readonly cells: Cells
    readonly along: number
  }
  const live = new Coalesce<Question, readonly CardAnswer[]>(
    async (question) => {
      await breath()
      return askRows([question.cells, ...curveRows(question)])
    },
    ([answer, ...points], question) => {
      // A name is a button only where there is a curve to draw.
      showAnswer(model, answer as CardAnswer, question.along < 0 ? undefined : pick, drawnClass(answer as CardAnswer))
      curve(question, answer as CardAnswer, points)
    },
    showProblem,
  )
  const show = (): void => live.put({ cells: [...cells], along })

  const valueAt = (input: SignatureInput, step: number): number => {
    const [low, high] = rangeOf(input) as readonly [number, number]
    const value = low + ((high - low) * step) / curveSteps
    return input.kind === 'datetime' ? Math.round(value) : value
  }
  function curveRows({ cells: own, along: index }: Question): Cells[] {
    const input = model.inputs[index]
    return input === undefined ? [] : Array.from({ length: curveSteps + 1 }, (_, s) => own.map((cell, i) => (i === index ? valueAt(input, s) : cell)))
  }
  /** How the answer moves with one number, all else as it is. */
  function curve({ cells: own, along: index }: Question, answer: CardAnswer, answers: readonly CardAnswer[]): void {
    const input = model.inputs[index]
    byId('curve').hidden = input === undefined
    if (input === undefined) return
    const [first, last] = rangeOf(input) as readonly [number, number]
    const drawn = drawnClass(answer)
    const points = answers.map((point) => heightOf(point, drawn))
    let [low, high] = [0, 1]
    if (model.classes.length === 0) {
      low = Math.min(...points)
      high = Math.max(...points)
      if (!(high > low)) [low, high] = [low - 1, high + 1]
    }
    const x = (value: number): number => 300 * Math.min(1, Math.max(0, (value - first) / (last - first)))
    const y = (value: number): number => 100 - (100 * (value - low)) / (high - low)
    byId('line').setAttribute('points', points.map((value, s) => `${((300 * s) / curveSteps).toFixed(2)},${y(value).toFixed(2)}`).join(' '))
    const cell = own[index]
    byId('now').setAttribute('d', typeof cell === 'number' ? `M${x(cell).toFixed(2)},${y(heightOf(answer, drawn)).toFixed(2)}h0.01` : '')
    byId('high').textContent = write(high)
    byId('low').textContent = write(low)
    const turn = model.classes.length === 2 ? turnAt(drawn) : undefined
    byId('threshold').setAttribute('visibility', turn === undefined ? 'hidden' : 'visible')
    // Near an end it would stand on the end's own number.
    byId('cut').hidden = turn === undefined || turn < 0.1 || turn > 0.9
    if (turn !== undefined) {
      for (const end of ['y1', 'y2']) byId('threshold').setAttribute(end, y(turn).toFixed(2))
      byId('cut').style.top = `${y(turn)}%`
      byId('cut').textContent = write(turn)
    }
    const of = model.classes.length === 0 ? model.target : `probability of ${model.classes[drawn]}`
    byId('caption').textContent = `${of} as ${input.name} goes from ${written(input, first)} to ${written(input, last)}, all else as set; the height goes from ${write(low)} to ${write(high)}${turn === undefined ? '' : `, and at ${write(turn)}, dashed, the answer turns`}`
  }
  /** Of two classes: the probability at which the answer turns. */
  function turnAt(drawn: number): number {
    const { threshold = 0.5 } = model
    return drawn === 1 ? threshold : 1 - threshold
  }

  function control(input: SignatureInput, i: number): HTMLElement {
    const id = `input-${i}`
    const box = make('div', { className: 'control' }, make('label', { htmlFor: id, textContent: input.name }))
    const set = (cell: GoldenCell): void => {
      cells[i] = cell
      if (isNumber(input) && rangeOf(input)) along = i
      show()
    }
    if (isNumber(input)) box.append(...numberControl(input, id, cells[i] ?? null, set))
    else box.append(choiceControl(input, id, cells[i] ?? null, set))
    return box
  }
  const fill = (): void => byId('controls').replaceChildren(...model.inputs.slice(0, model.shown).map(control))

  fill()
  byId('reset').addEventListener('click', () => {
    cells.splice(0, cells.length, ...model.start)
    fill()
    show()
  })
  byId('hint').hidden = model.classes.length === 0 || along < 0
  byId('live').hidden = false
  show()
}

function numberControl(input: SignatureInput, id: string, cell: GoldenCell, set: (cell: GoldenCell) => void): HTMLElement[] {
  const isMoment = input.kind === 'datetime'
  const [low, high] = [input.min ?? 0, input.max ?? 1]
  const room = (high - low) * 0.1
  const start = typeof cell === 'number' ? cell : undefined
  const slider = make('input', { type: 'range', id, step: input.integer || isMoment ? '1' : 'any' })
  // Before its value: a slider cuts values to the ends that it has.
  slider.min = String(low - (input.integer ? Math.ceil(room) : room))
  slider.max = String(high + (input.integer ? Math.ceil(room) : room))
  slider.value = String(start ?? low)
  const field = isMoment ? make('input', { type: 'datetime-local', value: day(start ?? low) }) : make('input', { type: 'number', step: 'any', value: String(start ?? '') })
  field.setAttribute('aria-label', `${input.name}, exact`)
  const note = make('p', { className: 'note', id: `${id}-note`, ariaLive: 'polite' })
  for (const part of [slider, field]) part.setAttribute('aria-describedby', note.id)
  const missing = input.nullable ? make('input', { type: 'checkbox', checked: cell === null }) : undefined
  let last = cell
  /** Asks with this, and says what is unusual of it. */
  const put = (value: GoldenCell, said = typeof value === 'number' ? beyond(input, value) : ''): void => {
    if (missing) missing.checked = value === null
    note.textContent = said
    last = value
    set(value)
  }
  slider.addEventListener('input', () => {
    const value = isMoment || input.integer ? Math.round(slider.valueAsNumber) : slider.valueAsNumber
    field.value = isMoment ? day(value) : String(Number(value.toPrecision(7)))
    put(isMoment ? value : Number(field.value))
  })
  const typed = (): number => (isMoment ? momentOf(field) : field.valueAsNumber)
  field.addEventListener('input', () => {
    const value = typed()
    if (Number.isFinite(value)) {
      slider.value = String(value)
      put(value)
    } else if (input.nullable && !field.validity.badInput) put(null, 'Empty: answered as missing.')
    else note.textContent = `${field.validity.badInput ? `This is no ${isMoment ? 'moment' : 'number'}` : 'It must not be empty'}; the answer is still that of ${last === null ? 'a missing one' : written(input, Number(last))}.`
  })
  missing?.addEventListener('change', () => {
    if (missing.checked) return put(null)
    if (!Number.isFinite(typed())) field.value = isMoment ? day(slider.valueAsNumber) : String(Number(slider.valueAsNumber.toPrecision(7)))
    put(typed())
  })
  return [slider, field, ...(missing ? [make('label', { className: 'missing' }, missing, ' missing')] : []), note]
}
const written = ({ kind }: SignatureInput, value: number): string => (kind === 'datetime' ? day(value).slice(0, 10) : write(value))
/** What is to be said of a number unlike those of training; nothing of others. */
function beyond(input: SignatureInput, value: number): string {
  const { min, max } = input
  if (min === undefined || max === undefined) return ''
  if (value < min || value > max) return `Training saw ${min === max ? `${written(input, min)} alone` : `${written(input, min)} to ${written(input, max)}`}.`
  return input.integer && !Number.isInteger(value) ? 'Training saw whole numbers.' : ''
}

function choiceControl(input: SignatureInput, id: string, cell: GoldenCell, set: (cell: GoldenCell) => void): HTMLElement {
  const options: [GoldenCell, string][] =
    input.kind === 'boolean'
      ? [[false, input.labels?.[0] ?? 'false'], [true, input.labels?.[1] ?? 'true']]
      : [...(input.categories ?? []).map((name): [GoldenCell, string] => [name, name]), [unseen, '(never seen in training)']]
  if (input.nullable) options.push([null, '(missing)'])
  const select = make('select', { id }, ...options.map(([, text]) => make('option', { textContent: text })))
  select.selectedIndex = Math.max(0, options.findIndex(([value]) => value === cell))
  select.addEventListener('change', () => set((options[select.selectedIndex] as [GoldenCell, string])[0]))
  return select
}
