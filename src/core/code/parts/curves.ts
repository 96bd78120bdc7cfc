/** Shape functions of an additive model: a value for each step of a feature, or for each cell of two. */
import type { Axis } from '../../estimators/ebm/axes.ts'
import { isCategorical } from '../../estimators/ebm/axes.ts'
import { number, table, type LoopLanguage } from '../text.ts'
import { end, type Part, type PartCode } from './part.ts'

export interface Curve {
  readonly axes: readonly Axis[]
  /** Row-major, shape (cells of the first axis, cells of the second or 1, outputs). */
  readonly values: Float64Array
}

/** Cell of a value: how many thresholds lie below it, or the category's own; the last is for missing and unknown. */
function helper(language: LoopLanguage, n: string): string[] {
  if (language === 'python') {
    return [
      `def ${n}_step(v, thresholds, missing):`,
      '    if v != v:',
      '        return missing',
      '    cell = 0',
      '    while cell < len(thresholds) and thresholds[cell] < v:',
      '        cell += 1',
      '    return cell',
      '',
      `def ${n}_category(v, cells, missing):`,
      '    return cells[int(v)] if v == v and 0 <= v < len(cells) else missing',
    ]
  }
  if (language === 'javascript') {
    return [
      `function ${n}_step(v, thresholds, missing) {`,
      '  if (Number.isNaN(v)) return missing',
      '  let cell = 0',
      '  while (cell < thresholds.length && thresholds[cell] < v) cell++',
      '  return cell',
      '}',
      `const ${n}_category = (v, cells, missing) => cells[v] ?? missing`,
    ]
  }
  return [
    `static int ${n}_step(float v, const double *thresholds, int count, int missing) {`,
    '  int cell = 0;',
    '  if (isnan(v)) return missing;',
    '  while (cell < count && thresholds[cell] < v) cell++;',
    '  return cell;',
    '}',
    `static int ${n}_category(float v, const int *cells, int count, int missing) {`,
    '  return v >= 0 && v < count ? cells[(int)v] : missing;',
    '}',
  ]
}

/** The cases of an axis in SQL, each with its cell. */
function cases(axis: Axis): { readonly test: string; readonly cell: number }[] {
  const x = `f${axis.feature + 1}`
  const missing = { test: `${x} IS NULL`, cell: axis.cells - 1 }
  if (isCategorical(axis)) return [missing, ...Array.from(axis.cellOfCode, (cell, code) => ({ test: `${x} = ${code}`, cell }))]
  return [missing, ...Array.from(axis.thresholds, (threshold, cell) => ({ test: `${x} <= ${number(threshold)}`, cell }))]
}
const otherwise = (axis: Axis): number => (isCategorical(axis) ? axis.cells - 1 : axis.thresholds.length)
const caseText = (axis: Axis, of: (cell: number) => string): string => `CASE ${cases(axis).map(({ test, cell }) => `WHEN ${test} THEN ${of(cell)}`).join(' ')} ELSE ${of(otherwise(axis))} END`

export function curvesPart(curves: readonly Curve[], outputs: number): Part {
  const code = (language: LoopLanguage, n: string): PartCode => {
    const deep = language === 'python' ? '    ' : '  '
    const declarations = helper(language, n)
    const cell = (axis: Axis, own: string): string => {
      const kind = isCategorical(axis) ? 'category' : 'step'
      declarations.push(...(isCategorical(axis) ? table(language, own, axis.cellOfCode, { type: 'int' }) : table(language, own, axis.thresholds)))
      const count = language === 'c' ? `, ${isCategorical(axis) ? axis.cellOfCode.length : axis.thresholds.length}` : ''
      return `${n}_${kind}(x[${axis.feature}], ${own}${count}, ${axis.cells - 1})`
    }
    const body = curves.flatMap(({ axes, values }, i) => {
      const [first, second] = axes as [Axis, Axis | undefined]
      const at = second ? `${cell(first, `${n}_${i}_a`)} * ${second.cells} + ${cell(second, `${n}_${i}_b`)}` : cell(first, `${n}_${i}`)
      declarations.push(...table(language, `${n}_${i}_adds`, values, { width: outputs }))
      const open = language === 'javascript' ? `${deep}const c${i} = ` : language === 'c' ? `${deep}const int c${i} = ` : `${deep}c${i} = `
      return [`${open}${at}${end(language)}`, ...Array.from({ length: outputs }, (_, o) => `${deep}s[${o}] += ${n}_${i}_adds[c${i}][${o}]${end(language)}`)]
    })
    return { declarations, body }
  }
  return {
    numbers: curves.reduce((sum, { axes, values }) => sum + values.length + axes.reduce((own, axis) => own + axis.thresholds.length + axis.cellOfCode.length, 0), 0),
    code,
    sql: (output) =>
      curves
        .map(({ axes, values }) => {
          const [first, second] = axes as [Axis, Axis | undefined]
          const adds = (at: number): string => number(values[at * outputs + output] as number)
          return second ? caseText(first, (a) => caseText(second, (b) => adds(a * second.cells + b))) : caseText(first, adds)
        })
        .join('\n    + '),
  }
}
