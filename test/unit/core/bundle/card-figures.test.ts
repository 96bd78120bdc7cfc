/** Graphics of the card: the numbers are those of the evaluation, single rows stay out, and three forms say the same. */
import { describe, expect, test } from 'vitest'
import { type CardFigure, figureNumbers, figuresOf } from '../../../../src/core/bundle/card-figures.ts'
import { plotSvg, shortNumber, ticksOf } from '../../../../src/core/bundle/card-plot.ts'
import { cardHtml, cardMarkdown } from '../../../../src/core/bundle/card-text.ts'
import type { Prediction, Target } from '../../../../src/core/data/target.ts'
import { evaluate } from '../../../../src/core/evaluate/evaluate.ts'
import type { CurvePoints, Evaluation } from '../../../../src/core/evaluate/evaluation.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { bytesOf, openZip } from '../../../../src/core/zip.ts'
import { deployExport } from '../../../../src/tasks/deploy-export.ts'
import { deployed } from '../../../support/deployed.ts'
import { nodeContext } from '../../../support/node-context.ts'
import { richDataset } from '../../../support/rich-data.ts'

const judge = (target: Target, prediction: Prediction, rows: number): Promise<Evaluation> =>
  evaluate({ part: 'valid', rows: Uint32Array.from({ length: rows }, (_, i) => i), target, prediction, threshold: 0.35, seed: 1 }, nodeContext())

/** Probabilities lean to the truth; the classes have names that are markup elsewhere. */
function classified(k: number, rows: number): Promise<Evaluation> {
  const rng = createRng(7)
  const classes = Array.from({ length: k }, (_, c) => (c === 1 ? '<b>|up|</b>' : `class ${c}`))
  const codes = Int32Array.from({ length: rows }, () => rng.int(k))
  const probabilities = new Float64Array(rows * k)
  for (let row = 0; row < rows; row++) {
    const weights = Array.from({ length: k }, (_, c) => rng.next() + (codes[row] === c ? 0.4 : 0))
    const sum = weights.reduce((a, b) => a + b, 0)
    for (const [c, weight] of weights.entries()) probabilities[row * k + c] = weight / sum
  }
  const task = k === 2 ? 'binary' : 'multiclass'
  return judge({ task, column: 'y', classes, codes }, { task, classes, probabilities }, rows)
}
function regressed(rows: number): Promise<Evaluation> {
  const rng = createRng(8)
  const values = Float64Array.from({ length: rows }, () => 1000.123 + 50 * rng.normal())
  return judge({ task: 'regression', column: 'y', values }, { task: 'regression', values: values.map((value) => value + rng.normal()) }, rows)
}
const figure = (evaluation: Evaluation, title: string): CardFigure => figuresOf(evaluation, 'validation', 'row').find((block): block is CardFigure => block.kind === 'figure' && block.title === title) as CardFigure

/** Every element closes in order, and every attribute is quoted. */
function wellFormed(svg: string): void {
  const open: string[] = []
  expect(svg.replace(/<(\/?)([a-z]+)((?: [A-Za-z-]+="[^"<]*")*)(\/?)>/g, (_, closing: string, tag: string, _attributes: string, empty: string) => {
    if (closing) expect(open.pop()).toBe(tag)
    else if (!empty) open.push(tag)
    return ''
  })).not.toMatch(/[<>]/)
  expect(open).toEqual([])
  expect(svg).not.toMatch(/NaN|Infinity|undefined/)
}

describe('two classes', async () => {
  const evaluation = await classified(2, 300)
  test('the matrix is the evaluation\u2019s, at its threshold', () => {
    const { text, table } = figure(evaluation, 'Confusion matrix')
    expect(text).toContain('on 300 validation rows at threshold 0.35')
    expect(table.rows.map((row) => row.slice(1, 3).map(Number))).toEqual(evaluation.confusion)
    expect(table.rows.reduce((sum, row) => sum + Number(row[3]), 0)).toBe(300)
  })
  test('curves and calibration are drawn from the stored points', () => {
    const stored = evaluation.roc?.[0] as CurvePoints
    const drawn = figure(evaluation, 'ROC curve').plot?.marks.find((mark) => mark.kind === 'line') as Pick<CurvePoints, 'x' | 'y'>
    const pairs = new Set(stored.x.map((x, i) => `${x} ${stored.y[i]}`))
    expect(drawn.x.every((x, i) => pairs.has(`${x} ${drawn.y[i]}`))).toBe(true)
    expect([drawn.x[0], drawn.y[0], drawn.x.at(-1), drawn.y.at(-1)]).toEqual([0, 0, 1, 1])
    expect(figure(evaluation, 'Precision and recall').text).toContain(`Average precision ${shortNumber(evaluation.scores.find(({ metric }) => metric === 'average-precision')?.value as number)}.`)
    const { table } = figure(evaluation, 'Calibration')
    expect(table.rows.map((row) => Number(row[2]))).toEqual(evaluation.calibration?.[0]?.bins.map(({ count }) => count))
    expect(figureNumbers(evaluation)).toMatchObject({ part: 'valid', threshold: 0.35, confusion: evaluation.confusion, calibration: evaluation.calibration })
  })
  test('each drawing is well-formed, named and described, without a colour of its own; the table stands beside it', () => {
    const card = { title: 'Card', matter: [], sections: [{ title: 'Quantitative analyses', blocks: figuresOf(evaluation, 'validation', 'row') }] }
    const html = cardHtml(card)
    const drawings = html.match(/<svg\b[^]*?<\/svg>/g) as string[]
    expect(drawings).toHaveLength(3)
    for (const svg of drawings) {
      wellFormed(svg)
      expect(svg).toMatch(/^<svg role="img" [^>]*><title>[^<]+<\/title><desc>[^<]+<\/desc>/)
      expect(svg).not.toMatch(/#[0-9a-f]{3,6}"|rgb|(?:fill|stroke)="(?!currentColor|none)/)
    }
    expect(html.match(/<details>/g)).toHaveLength(3)
    expect(html).not.toContain('<b>')
    const markdown = cardMarkdown(card)
    expect(markdown).toContain('| Actual | called class 0 | called &lt;b&gt;\\|up\\|&lt;/b&gt; | all |\n| --- | --- | --- | --- |\n')
    for (const header of ['| False positive rate | True positive rate |', '| Recall | Precision |', '| From | To | n | Mean predicted | Share observed |']) expect(markdown).toContain(header)
    expect(markdown).not.toContain('<svg')
  })
  test('what could not be judged is a gap, not an empty drawing', () => {
    const { roc: _, ...rest } = evaluation
    expect(figuresOf(rest, 'test', 'row').filter(({ kind }) => kind === 'gap')).toEqual([{ kind: 'gap', text: 'Gap: there is no ROC curve: it needs both classes among those judged.' }])
  })
})

test('several classes: the whole matrix up to twelve, else the largest confusions; the worst calibrated class is named', async () => {
  const few = await classified(4, 200)
  expect(figure(few, 'Confusion matrix').table.rows.map((row) => row.slice(1, 5).map(Number))).toEqual(few.confusion)
  const worst = few.calibration?.toSorted((a, b) => b.error - a.error)[0]
  expect(figure(few, 'Calibration').text).toContain(`Calibration of ${worst?.name} on 200`)
  const many = await classified(13, 400)
  expect(figure(many, 'Confusion matrix')).toBeUndefined()
  const { rows } = figure(many, 'Largest confusions').table
  const off = (many.confusion as number[][]).flatMap((row, a) => row.filter((_, p) => p !== a)).sort((a, b) => b - a)
  expect(rows.map(([, , n]) => Number(n))).toEqual(off.slice(0, 20))
  const [actual, called, n] = rows[0] as string[]
  expect(many.confusion?.[many.classes?.indexOf(actual as string) as number]?.[many.classes?.indexOf(called as string) as number]).toBe(Number(n))
})

test('regression: tenths and quantiles hold no single row; too few rows are a gap', async () => {
  const evaluation = await regressed(200)
  const { table, plot } = figure(evaluation, 'Predicted and actual')
  expect(table.rows.map(([n]) => Number(n))).toEqual(Array(10).fill(20))
  wellFormed(plotSvg(plot as NonNullable<typeof plot>, 'a', 'b'))
  const residuals = figure(evaluation, 'Residuals')
  expect(residuals.plot?.marks).toEqual([{ kind: 'bars', edges: evaluation.residuals?.histogram.edges, heights: evaluation.residuals?.histogram.counts }])
  const left = evaluation.residuals?.actual.map((actual, i) => actual - (evaluation.residuals?.predicted[i] as number)).sort((a, b) => a - b) as number[]
  const median = ((left[99] as number) + (left[100] as number)) / 2
  expect(residuals.table.rows[3]).toEqual(['50%', shortNumber(median)])
  const told = JSON.stringify([figureNumbers(evaluation), figuresOf(evaluation, 'validation', 'row')])
  expect(evaluation.residuals?.actual.filter((value) => told.includes(String(value)))).toEqual([])
  expect(figuresOf(await regressed(9), 'validation', 'row')).toEqual([{ kind: 'gap', text: 'Gap: fewer than 10 rows were judged: too few for graphics that name none of them.' }])
})

test('ticks are round, within the axis, and never none where there is room', () => {
  expect(ticksOf(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1])
  expect(ticksOf(-37, 212)).toEqual([0, 50, 100, 150, 200])
  expect(ticksOf(3, 3)).toEqual([3])
})

test('an exported card has the graphics in its page and their numbers in its data', async () => {
  const { host, runId, result } = await deployed(richDataset('binary'), 'binary', 'decision-tree')
  const { zip } = await deployExport({ runId, name: 'Card', intendedUse: '', limitations: '' }, host)
  const reader = await openZip(bytesOf(zip as Uint8Array))
  const text = async (name: string): Promise<string> => new TextDecoder().decode(await reader.read(name))
  const json = JSON.parse(await text('model_card.json')) as { figures: { graphics: { confusion: unknown } } }
  expect(json.figures.graphics.confusion).toEqual(result.evaluation.confusion)
  expect(JSON.stringify(json)).not.toContain('"plot"')
  expect((await text('MODEL_CARD.html')).match(/<svg role="img"/g)).toHaveLength(3)
})
