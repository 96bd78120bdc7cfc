/** The first part of a twin: the file is read as the studio read it, and the rows are dealt as the run dealt them. */
import { blanks } from '../../ingest/csv/blanks.ts'
import { decimalOf } from '../../ingest/csv/written-number.ts'
import type { Dataset, ColumnInfo } from '../../data/dataset.ts'
import type { ParseOptions } from '../../ingest/options.ts'
import type { TwinPictures } from './pictures.ts'
import { py } from './python.ts'

export interface TwinData {
  readonly source: Dataset['source']
  readonly rows: number
  readonly options: ParseOptions
  /** Rows of the file that did not fit the table. */
  readonly rejected: number
  readonly columns: readonly ColumnInfo[]
  /** Where the rows are pictures, not those of a file. */
  readonly pictures?: TwinPictures
}

/** What turns numbers as the file writes them into what Python reads: groups and signs away, the decimal mark a point. */
function plainDigits(layout: string | undefined, decimal: string): string {
  const mark = layout === undefined ? decimal : decimalOf(layout)
  const bare = layout === undefined ? '' : `.str.replace(r"[^0-9+${mark}eE-]|[eE](?![0-9+-])", "", regex=True)`
  return bare + (mark === ',' ? '.str.replace(",", ".", regex=False)' : '')
}

/** The studio's white space as Python that makes it: runs of three or more as ranges. */
function blankCodes(): string {
  const codes = [...blanks].map((mark) => mark.charCodeAt(0))
  const runs: [from: number, to: number][] = []
  for (const code of codes) {
    const last = runs.at(-1)
    if (last?.[1] === code) last[1]++
    else runs.push([code, code + 1])
  }
  return runs.flatMap(([from, to]) => (to - from > 2 ? [`*range(${from}, ${to})`] : Array.from({ length: to - from }, (_, i) => String(from + i)))).join(', ')
}

/** A layout of ours as strptime has it. */
const strptime = (layout: string): string =>
  layout.replaceAll('%', '%%').replace(/yyyy|yy|MMM|MM|dd|HH|hh|mm|ss|a|Z/g, (token) => ({ yyyy: '%Y', yy: '%y', MMM: '%b', MM: '%m', dd: '%d', HH: '%H', hh: '%I', a: '%p', mm: '%M', ss: '%S', Z: '%z' })[token] as string)

const codecs: Readonly<Record<ParseOptions['encoding'], string>> = { 'utf-8': 'utf-8-sig', 'utf-16le': 'utf-16', 'utf-16be': 'utf-16', 'windows-1252': 'cp1252' }

function reading({ options, rejected }: TwinData): string[] {
  const { delimiter, quote, encoding, header } = options
  const quoting = quote === '' ? 'quoting=csv.QUOTE_NONE' : `quotechar=${py(quote)}`
  if (rejected > 0) {
    return [
      '# Rows with another number of cells than the table has columns were left out by the studio, too.',
      `with path.open(newline="", encoding=${py(codecs[encoding])}) as file:`,
      `    lines = [line for line in csv.reader(file, delimiter=${py(delimiter)}, ${quoting}) if line]`,
      `raw = pd.DataFrame([line for line in lines${header ? '[1:]' : ''} if len(line) == len(COLUMNS)])`,
    ]
  }
  return [`raw = pd.read_csv(path, sep=${py(delimiter)}, ${quoting}, encoding=${py(codecs[encoding])}, header=${header ? '0' : 'None'}, index_col=False, dtype=str, keep_default_na=False)`]
}

/** @param read columns that the recipe reads, and the target */
export function readCell(data: TwinData, read: ReadonlySet<string>): string[] {
  const { options, source, columns } = data
  const used = columns.filter(({ name }) => read.has(name))
  const of = (kind: string) => used.filter((column) => column.kind === kind)
  const lines = [
    `FILE = Path(os.environ.get("DATA", ${py(source.fileName)}))`,
    `SHA256 = ${py(source.sha256)}`,
    `COLUMNS = ${py(columns.map(({ name }) => name))}`,
    `ROWS = ${data.rows}`,
    `MISSING = ${py(['', ...options.missing])}`,
    '',
    'path = FILE',
    'if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:',
    '    raise SystemExit(f"{path} is not the file of this run: its SHA-256 differs. Set DATA to the right one.")',
    ...reading(data),
    'raw.columns = COLUMNS',
    '# White space around a cell is not part of it: blanks, control characters, no-break and other wide ones.',
    `BLANKS = "".join(map(chr, [${blankCodes()}]))`,
    'raw = raw.apply(lambda column: column.str.strip(BLANKS))',
    'raw = raw.mask(raw.isin(MISSING))',
    'if len(raw) != ROWS:',
    '    raise SystemExit(f"the studio read {ROWS} rows of this file, pandas {len(raw)}: the row numbers below would be wrong")',
    '',
    'frame = pd.DataFrame(index=raw.index)',
  ]
  for (const { name, layout } of of('numeric')) lines.push(`frame[${py(name)}] = pd.to_numeric(raw[${py(name)}]${plainDigits(layout, options.decimal)}, errors="coerce").astype(np.float64)`)
  for (const { name, categories = [] } of of('boolean')) lines.push(`frame[${py(name)}] = raw[${py(name)}].str.lower().map(${py({ [String(categories[0]).toLowerCase()]: 0, [String(categories[1]).toLowerCase()]: 1 })}).astype(np.float64)`)
  for (const { name } of of('categorical')) lines.push(`frame[${py(name)}] = raw[${py(name)}]`)
  for (const { name, layout = 'yyyy-MM-dd' } of of('datetime')) {
    lines.push(layout === 'epoch-seconds' ? `frame[${py(name)}] = pd.to_datetime(pd.to_numeric(raw[${py(name)}]), unit="s", utc=True)` : `frame[${py(name)}] = pd.to_datetime(raw[${py(name)}], format=${py(strptime(layout))}, utc=True, errors="coerce")`)
  }
  const holes = used.map(({ name, missing }): [string, number] => [name, missing])
  lines.push(
    '',
    '# How many values of each column the studio found missing: another count means that pandas read the file in another way.',
    `for name, missing in ${py(holes)}:`,
    '    if frame[name].isna().sum() != missing:',
    '        raise SystemExit(f"column {name}: {missing} values are missing in the studio, {frame[name].isna().sum()} here")',
  )
  return lines
}

export const splitCell = (counts: { readonly train: number; readonly valid: number; readonly test: number }): string[] => [
  '# One letter a row: t trains, v validates, e is the sealed test part, - is in none. The rule that dealt them stands beside it.',
  'split = json.loads(FILE.with_name("split.json").read_text() if FILE.with_name("split.json").exists() else Path(os.environ.get("SPLIT", "split.json")).read_text())',
  'part = np.array(list(split["parts"]))',
  'train, valid = np.flatnonzero(part == "t"), np.flatnonzero(part == "v")',
  `if (len(part), len(train), len(valid)) != (ROWS, ${counts.train}, ${counts.valid}):`,
  `    raise SystemExit(f"split.json is not that of this run: ${counts.train} of {ROWS} rows train and ${counts.valid} validate, there {len(train)} and {len(valid)} of {len(part)} do")`,
]

/** One letter a row: t trains, v validates, e is the sealed test part, - is in none. */
export function partLetters(rows: number, parts: { readonly train: ArrayLike<number>; readonly valid: ArrayLike<number>; readonly test: ArrayLike<number> }): string {
  const letters = new Uint8Array(rows).fill('-'.charCodeAt(0))
  for (const [name, letter] of [['train', 't'], ['valid', 'v'], ['test', 'e']] as const) for (let i = 0; i < parts[name].length; i++) letters[parts[name][i] as number] = letter.charCodeAt(0)
  return new TextDecoder().decode(letters)
}

/** split.json: the rule, and the letters; of pictures, which they are. */
export const splitFile = (rule: unknown, { rows, pictures }: TwinData, parts: Parameters<typeof partLetters>[1]): string =>
  `${JSON.stringify({ version: 1, rule, parts: partLetters(rows, parts), ...(pictures && { pictures: pictures.sha256, targets: pictures.targets, ...(pictures.dealtBy && { dealtBy: pictures.dealtBy }) }) })}\n`
