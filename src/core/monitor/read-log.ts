/**
 * New rows from the log that a bundle's server writes (src/export/server/request-log.ts): NDJSON, one line a row and an
 * answering version, with inputs, answer and moment. Columns that the server was told to withhold stay so. Whoever learns
 * the outcome later may add it to a line as `"truth"`. The model is judged by its probabilities at its own threshold; lines
 * whose callers asked for another are told.
 */
import { encodeCell, missingTime } from '../bundle/encode.ts'
import { Issues } from '../bundle/signature-issues.ts'
import type { Signature, SignatureInput } from '../bundle/signature.ts'
import { parseStrictJson, type StrictJson } from '../bundle/strict-json.ts'
import type { Context } from '../context.ts'
import { columnFrom, type Cell, type Column } from '../data/column.ts'
import { stackColumns } from '../data/stack-columns.ts'
import type { Prediction } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import type { ByteSource } from '../ingest/source.ts'
import type { Current } from './current.ts'
import type { MonitorOptions } from './report.ts'

/** What a withheld value says. */
const redacted = '[redacted]'
const blockBytes = 1 << 20
/** Lines that become columns at once. */
const batchRows = 8192
/** A line longer than this is no log line. */
const longestLine = 1 << 24

/** Who answered a line. */
export type Answerer = NonNullable<MonitorOptions['answeredBy']>

const isLogLine = (line: StrictJson): line is ReadonlyMap<string, StrictJson> => line instanceof Map && line.get('log') === 1 && line.get('inputs') instanceof Map
const textOf = (value: StrictJson | undefined): string => (typeof value === 'string' ? value : '')

/** Whether the bytes look like a log: their first sign is a brace. */
export async function looksLikeLog(source: ByteSource): Promise<boolean> {
  const head = new TextDecoder().decode(await source.read(0, Math.min(source.size, 4096)))
  return /^\ufeff?\s*\{/.test(head)
}

async function* linesOf(source: ByteSource, context: Context): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let held = ''
  for (let at = 0; at < source.size; at += blockBytes) {
    const to = Math.min(source.size, at + blockBytes)
    held += decoder.decode(await source.read(at, to), { stream: to < source.size })
    const lines = held.split('\n')
    held = lines.pop() as string
    if (held.length > longestLine) throw new StudioError({ code: 'bad-data', message: `invalid log; a line has more than ${longestLine.toLocaleString('en')} characters`, hint: 'A log has one JSON object a line.' })
    for (const line of lines) yield line
    context.report({ kind: 'step', phase: 'Reading', done: to, total: source.size })
    await context.checkpoint()
  }
  yield held
}

/** Rows of one answerer, collected. */
class Group {
  readonly answerer: Answerer
  /** What its lines have that does not fit; told where it is the one that is looked at. */
  readonly issues = new Issues()
  /** Columns that some line of it names. */
  readonly seen = new Set<string>()
  readonly withheld = new Set<string>()
  readonly #inputs: readonly SignatureInput[]
  readonly #truth: SignatureInput | undefined
  readonly #needed: readonly string[]
  readonly #parts: Column[][]
  #cells: Cell[][]
  readonly times: number[] = []
  /** Row of each answer. */
  readonly answered: number[] = []
  readonly answers: number[] = []
  /** That lines were asked at, where they are not the model's own. */
  readonly thresholds: number[] = []
  rows = 0
  truths = 0

  constructor(answerer: Answerer, inputs: readonly SignatureInput[], truth: SignatureInput | undefined) {
    this.answerer = answerer
    this.#inputs = truth ? [...inputs, truth] : inputs
    this.#truth = truth
    this.#needed = inputs.map(({ name }) => name)
    this.#parts = this.#inputs.map(() => [])
    this.#cells = this.#inputs.map(() => [])
  }
  add(cells: readonly Cell[], time: number): void {
    cells.forEach((cell, i) => this.#cells[i]?.push(cell))
    this.times.push(time)
    this.rows++
    if (this.#truth && cells.at(-1) !== null) this.truths++
    if (this.rows % batchRows === 0) this.#flush()
  }
  #flush(): void {
    this.#inputs.forEach((input, i) => this.#parts[i]?.push(columnOf(input, this.#cells[i] as Cell[])))
    this.#cells = this.#inputs.map(() => [])
  }
  /** Why its lines cannot be those of the model that is looked at, or undefined. */
  get otherModel(): string | undefined {
    const absent = this.#needed.filter((name) => !this.seen.has(name))
    if (absent.length > 0) return `none of its lines has ${absent.slice(0, 3).map((name) => `"${name.slice(0, 40)}"`).join(', ')}${absent.length > 3 ? ` and ${absent.length - 3} more columns` : ''}`
    return this.answered.length === 0 ? 'no answer of its is one that this model could have given' : undefined
  }
  columns(): Column[] {
    this.#flush()
    return this.#parts.map(stackColumns)
  }
}

function columnOf(input: SignatureInput, cells: readonly Cell[]): Column {
  const column = columnFrom(input.name, input.kind, cells)
  if (column.kind === 'boolean') return { ...column, labels: input.labels ?? column.labels }
  return column.kind === 'datetime' ? { ...column, layout: input.layout ?? column.layout } : column
}

/** A logged value as a cell; a problem is the rule that it breaks. */
function cellOf(input: SignatureInput, value: StrictJson | undefined): { readonly cell: Cell } | { readonly problem: string } {
  if (value === undefined || value === null || input.kind === 'image') return { cell: null }
  const encoded = encodeCell({ ...input, nullable: true }, value)
  if ('problem' in encoded) return encoded
  if (typeof encoded.value === 'bigint') return { cell: encoded.value === missingTime ? null : Number(encoded.value) }
  if (input.kind === 'boolean') return { cell: encoded.value === 1 }
  return { cell: encoded.value === '' ? null : encoded.value }
}

/**
 * @param truth how the target is written
 * @param wanted whose answers; default: the one with most rows that clients were given
 * @throws StudioError bad-data where no line is one of a log
 */
export async function readLog(source: ByteSource, signature: Signature, { truth, wanted }: { readonly truth?: SignatureInput; readonly wanted?: Answerer }, context: Context): Promise<Omit<Current, 'name' | 'kind'>> {
  const issues = new Issues()
  const groups = new Map<string, Group>()
  const classes = new Map(signature.classes.map((name, i) => [name, i]))
  let number = 0
  let first = ''
  for await (const text of linesOf(source, context)) {
    number++
    const line = text.replace(/^\ufeff/, '').trim()
    if (line === '') continue
    let json: StrictJson
    try {
      json = parseStrictJson(line, 3)
    } catch (thrown) {
      if (!(thrown instanceof StudioError)) throw thrown
      json = null
    }
    if (!isLogLine(json)) {
      first ||= line.slice(0, 80)
      issues.add({ level: 'error', kind: 'ragged-row', column: '', row: number, count: 1, text: `Line ${number} is no line of a server's log: "${line.slice(0, 60)}".` })
      continue
    }
    const answerer: Answerer = { model: textOf(json.get('model')), version: textOf(json.get('version')), arm: json.get('arm') === 'shadow' ? 'shadow' : 'given' }
    const key = JSON.stringify(answerer)
    const group = groups.get(key) ?? new Group(answerer, signature.inputs, truth)
    groups.set(key, group)
    const inputs = json.get('inputs') as ReadonlyMap<string, StrictJson>
    const cells = signature.inputs.map((input) => {
      const value = inputs.get(input.name)
      if (value !== undefined) group.seen.add(input.name)
      if (value === redacted && input.categories?.includes(redacted) !== true) {
        group.withheld.add(input.name)
        return null
      }
      const made = cellOf(input, value)
      if ('cell' in made) return made.cell
      group.issues.add({ level: 'warning', kind: 'not-a-number', column: input.name, row: number, count: 1, text: `${made.problem}.` })
      return null
    })
    if (truth) {
      const made = cellOf(truth, json.get('truth'))
      cells.push('cell' in made ? made.cell : null)
    }
    const params = json.get('params')
    const threshold: StrictJson | undefined = params instanceof Map ? (params as ReadonlyMap<string, StrictJson>).get('threshold') : undefined
    if (typeof threshold === 'number' && threshold !== signature.threshold) group.thresholds.push(threshold)
    const answer = numbersOf(json.get('answer'), signature, classes)
    if (answer) {
      group.answered.push(group.rows)
      for (const value of answer) group.answers.push(value)
    } else group.issues.add({ level: 'warning', kind: 'missing-value', column: '', row: number, count: 1, text: 'The line has no answer that this model could have given.' })
    const time = Date.parse(textOf(json.get('time'))) / 1000
    group.add(cells, Number.isFinite(time) ? Math.floor(time) : Number.NaN)
  }
  if (groups.size === 0) {
    throw new StudioError({
      code: 'bad-data',
      message: `invalid log; a line must be a JSON object with "log": 1 and "inputs", as the bundle's server writes them: ${first === '' ? 'there is no line' : first}`,
      hint: 'Choose the file that the server was told to write with REQUEST_LOG, or a CSV.',
    })
  }
  const ordered = [...groups.values()].sort((a, b) => Number(a.answerer.arm === 'shadow') - Number(b.answerer.arm === 'shadow') || Number(a.otherModel !== undefined) - Number(b.otherModel !== undefined) || b.rows - a.rows)
  const chosen = (wanted && ordered.find(({ answerer }) => answerer.model === wanted.model && answerer.version === wanted.version && answerer.arm === wanted.arm)) ?? (ordered[0] as Group)
  for (const { name } of signature.inputs) if (!chosen.seen.has(name)) issues.add({ level: 'warning', kind: 'missing-column', column: name, count: 1, text: 'No line of the log has this column: was it written by another model?' })
  for (const { answerer, rows, otherModel } of ordered) {
    if (otherModel === undefined || answerer === chosen.answerer) continue
    issues.add({ level: 'warning', kind: 'other-model', column: '', count: rows, text: `${rows.toLocaleString('en')} ${rows === 1 ? 'line is' : 'lines are'} of ${answerer.model.slice(0, 60)} version ${answerer.version.slice(0, 20)}, another model: ${otherModel}. Left out.` })
  }
  const asked = chosen.thresholds.length
  if (asked > 0) issues.add({ level: 'warning', kind: 'other-threshold', column: '', count: asked, text: `${asked.toLocaleString('en')} ${asked === 1 ? 'line was' : 'lines were'} asked for at ${rangeWords(chosen.thresholds)} instead of the model's own threshold, ${signature.threshold}. What is said here of labels holds at the model's own; their callers may have been told others.` })
  const columns = chosen.columns()
  const numbers = Float64Array.from(chosen.answers)
  const prediction: Prediction = signature.task === 'regression' ? { task: 'regression', values: numbers } : { task: signature.task, classes: signature.classes, probabilities: numbers }
  return {
    rows: chosen.rows,
    columns: columns.slice(0, signature.inputs.length).filter(({ name }) => !chosen.withheld.has(name)),
    withheld: [...chosen.withheld],
    answered: Uint32Array.from(chosen.answered),
    prediction,
    times: Float64Array.from(chosen.times),
    ...(truth && chosen.truths > 0 ? { truth: columns.at(-1) as Column } : {}),
    issues: [...issues.list(), ...chosen.issues.list()],
    answeredBy: { ...chosen.answerer, others: ordered.reduce((sum, group) => sum + (group === chosen ? 0 : group.rows), 0) },
    groups: ordered.filter((group) => group === chosen || group.otherModel === undefined).map(({ answerer, rows }) => ({ ...answerer, rows })),
  }
}

function rangeWords(values: readonly number[]): string {
  const [least, most] = values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const)
  return least === most ? String(least) : `${least} to ${most}`
}

/** Probabilities in class order, or the value; undefined for an answer of another model. */
function numbersOf(answer: StrictJson | undefined, { task }: Signature, classes: ReadonlyMap<string, number>): readonly number[] | undefined {
  if (!(answer instanceof Map)) return undefined
  if (task === 'regression') {
    const value: StrictJson | undefined = answer.get('value')
    return typeof value === 'number' ? [value] : undefined
  }
  const probabilities: StrictJson | undefined = answer.get('probabilities')
  if (!(probabilities instanceof Map) || probabilities.size !== classes.size) return undefined
  const numbers = new Array<number>(classes.size).fill(Number.NaN)
  for (const [name, value] of probabilities as ReadonlyMap<string, StrictJson>) {
    const place = classes.get(name)
    if (place === undefined || typeof value !== 'number') return undefined
    numbers[place] = value
  }
  return numbers
}
