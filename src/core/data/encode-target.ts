/** From a column to what estimators learn: finite numbers, or class codes with their names. */
import { StudioError } from '../errors.ts'
import { cellAt, isValid, type Column } from './column.ts'
import type { Target, TargetSpec } from './target.ts'

/** A cell of the target as a class name. */
export function className(column: Column, row: number): string {
  if (column.kind === 'boolean') return column.labels[column.values[row] as 0 | 1]
  return String(cellAt(column, row))
}

const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`

/**
 * Class names over some rows, in order: numbers by size, else by code unit; for a binary task the
 * positive class comes last.
 * @throws StudioError bad-data for fewer than two classes, or more than two in a binary task
 */
export function classesOf(column: Column, spec: TargetSpec, rows: ArrayLike<number>): readonly string[] {
  const counts = new Map<string, number>()
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    if (!isValid(column, row)) continue
    const name = className(column, row)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const numeric = column.kind === 'numeric'
  const classes = [...counts.keys()].sort((a, b) => (numeric ? Number(a) - Number(b) : a < b ? -1 : 1))
  if (classes.length < 2) {
    throw new StudioError({
      code: 'bad-data',
      message: `invalid target; a class target needs at least 2 classes among the rows used: ${plural(classes.length, 'class').replace('classs', 'classes')}${classes[0] === undefined ? '' : ` (${classes[0].slice(0, 100)})`}`,
      hint: 'Choose another target, or check how the data was filtered.',
      details: { column: column.name.slice(0, 200), classes: classes.length },
    })
  }
  if (spec.task !== 'binary') return classes
  if (classes.length > 2) {
    throw new StudioError({ code: 'bad-data', message: `invalid task; binary needs exactly 2 classes: ${classes.length}`, hint: 'Choose the multiclass task.', details: { column: column.name.slice(0, 200), classes: classes.length } })
  }
  const [first, second] = classes as [string, string]
  if (spec.positive !== undefined && !classes.includes(spec.positive)) {
    throw new StudioError({ code: 'bad-data', message: `invalid positive class; not one of ${first}, ${second}: ${spec.positive.slice(0, 100)}` })
  }
  // The rarer class is nearly always the one that is looked for; of equals, the later name.
  const positive = spec.positive ?? ((counts.get(first) as number) < (counts.get(second) as number) ? first : second)
  return positive === first ? [second, first] : [first, second]
}

/** The target with its positive class named: among other rows the rarer class, which it is where nobody chose, may be the other one. */
export function withPositive(spec: TargetSpec, classes: readonly string[]): TargetSpec {
  return spec.task === 'binary' ? { ...spec, positive: classes[1] as string } : spec
}

/**
 * @param rows row numbers whose target is present (makeSplit leaves the others out)
 * @param classes from `classesOf` over all rows in use, so that every part has the same codes
 * @throws StudioError bad-data for a missing value, a class that is not in `classes`, a kind that is no target
 */
export function encodeTarget(column: Column, spec: TargetSpec, rows: ArrayLike<number>, classes: readonly string[]): Target {
  const missing = (row: number): never => {
    throw new StudioError({ code: 'bad-data', message: `missing target; row ${row + 1} has no value of ${column.name.slice(0, 200)}`, details: { column: column.name.slice(0, 200), row: row + 1 } })
  }
  if (spec.task === 'regression') {
    if (column.kind !== 'numeric') throw new StudioError({ code: 'bad-data', message: `invalid target; regression needs a numeric column: ${column.kind}`, details: { column: column.name.slice(0, 200) } })
    const values = new Float64Array(rows.length)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      values[i] = isValid(column, row) ? (column.values[row] as number) : missing(row)
    }
    return { task: 'regression', column: column.name, values }
  }
  if (column.kind === 'text' || column.kind === 'id' || column.kind === 'image' || column.kind === 'datetime') {
    throw new StudioError({ code: 'bad-data', message: `invalid target; a ${column.kind} column has no classes`, details: { column: column.name.slice(0, 200) } })
  }
  const index = new Map(classes.map((name, code) => [name, code]))
  const byCode = column.kind === 'categorical' ? Int32Array.from(column.dictionary, (name) => index.get(name) ?? -1) : undefined
  const codes = new Int32Array(rows.length)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    if (!isValid(column, row)) missing(row)
    const code = byCode && column.kind === 'categorical' ? (byCode[column.codes[row] as number] as number) : (index.get(className(column, row)) ?? -1)
    if (code < 0) throw new StudioError({ code: 'bad-data', message: `unknown class; not one of ${classes.join(', ').slice(0, 200)}: ${className(column, row).slice(0, 100)}` })
    codes[i] = code
  }
  return { task: spec.task, column: column.name, classes, codes }
}
