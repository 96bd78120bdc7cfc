/** Every chart as it is drawn: figure, table twin and words, rounded and kept as snapshots. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { Chart, Json } from '../../../src/charts/figure.ts'
import { dark, light, type Palette } from '../../../src/charts/palette.ts'
import { type ChartKind, charts } from '../../../src/charts/registry.ts'
import type { Evaluation } from '../../../src/core/evaluate/evaluation.ts'
import { escapeFigure } from '../../../src/ui/escape-figure.ts'
import { driftOf, overTimeOf } from './drift-fixtures.ts'
import { attributionOf, classEvaluation, coefficientsOf, dependenceOf, differencesOf, foldCurveOf, groupReport, histogramOf, historyOf, importanceOf, leaderboardOf, pathOf, regressionEvaluation, sampledOf, shapesOf, shapSummaryOf, treeOf } from './fixtures.ts'

let binary: Evaluation
let several: Evaluation
let regression: Evaluation
beforeAll(async () => {
  binary = await classEvaluation(2)
  several = await classEvaluation(3)
  regression = await regressionEvaluation()
})

/** What each kind is drawn from; a kind without an entry does not compile. */
const drawn: Readonly<Record<ChartKind, (palette: Palette) => readonly (Chart | undefined)[]>> = {
  confusion: (palette) => [charts.confusion(binary, palette), charts.confusion(several, palette)],
  roc: (palette) => [charts.roc(binary, palette), charts.roc(several, palette)],
  'precision-recall': (palette) => [charts['precision-recall'](binary, palette), charts['precision-recall'](several, palette)],
  calibration: (palette) => [charts.calibration(binary, palette), charts.calibration(several, palette)],
  'threshold-metrics': (palette) => [charts['threshold-metrics'](binary, palette)],
  'predicted-actual': (palette) => [charts['predicted-actual'](regression, palette)],
  residuals: (palette) => [charts.residuals(regression, palette)],
  'residual-histogram': (palette) => [charts['residual-histogram'](regression, palette)],
  history: (palette) => [charts.history(historyOf, palette)],
  'fold-curve': (palette) => [charts['fold-curve'](foldCurveOf, palette), charts['fold-curve']({ ...foldCurveOf, over: { by: 'parameter', name: 'maxDepth', values: [0, 10] }, x: [0, 10], current: 0, label: 'Depth', verdict: { advice: 'more-capacity', because: '', best: 1 } }, palette)],
  importance: (palette) => [charts.importance(importanceOf, palette)],
  'partial-dependence': (palette) => [charts['partial-dependence'](dependenceOf, palette), charts['partial-dependence']({ ...dependenceOf, grid: ['<b>x</b>', '__proto__', ''] }, palette)],
  attribution: (palette) => [charts.attribution(attributionOf, palette), charts.attribution({ ...attributionOf, kind: 'additive-parts', link: 'identity', gap: 0.01, columns: attributionOf.columns.slice(0, 2), labels: ['age = 42', '__proto__ = <red>'] }, palette), charts.attribution(sampledOf, palette)],
  'shap-summary': (palette) => [charts['shap-summary'](shapSummaryOf, palette), charts['shap-summary']({ ...shapSummaryOf, columns: shapSummaryOf.columns.map((column) => ({ ...column, band: 0.0234 })), sampling: { questions: 12345, rows: 96, of: 600, ended: 'time' } }, palette)],
  tree: (palette) => [charts.tree(treeOf, palette), charts.tree({ ...treeOf, values: 'adds', trees: 7, tree: 2, path: [], isOpen: () => false }, palette)],
  coefficients: (palette) => [charts.coefficients({ ...coefficientsOf, by: 'standardised', shown: 0 }, palette), charts.coefficients({ ...coefficientsOf, by: 'raw', shown: 0 }, palette)],
  'coefficient-path': (palette) => [charts['coefficient-path'](pathOf, palette)],
  shape: (palette) => shapesOf.terms.map((term) => charts.shape({ output: shapesOf.output, n: shapesOf.n, term }, palette)),
  'shape-weights': (palette) => [charts['shape-weights'](shapesOf, palette)],
  leaderboard: (palette) => [charts.leaderboard(leaderboardOf, palette)],
  differences: (palette) => [charts.differences(differencesOf, palette), charts.differences({ ...differencesOf, test: 'mcnemar' }, palette)],
  overlay: (palette) => [
    charts.overlay({ kind: 'roc', runs: [{ name: 'a', evaluation: binary }, { name: '<b>', evaluation: binary }] }, palette),
    charts.overlay({ kind: 'precision-recall', runs: [{ name: 'a', evaluation: several }], className: '__proto__' }, palette),
    charts.overlay({ kind: 'errors', runs: [{ name: 'a', evaluation: regression }] }, palette),
  ],
  groups: (palette) => [charts.groups(groupReport, palette)],
  drift: (palette) => driftOf.map((column) => charts.drift({ column, of: 'training rows' }, palette)),
  'over-time': (palette) => [charts['over-time'](overTimeOf, palette)],
  histogram: (palette) => [charts.histogram(histogramOf, palette)],
}
const rounded = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (_, entry: unknown) => (typeof entry === 'number' ? Number(entry.toPrecision(4)) : entry)))
/** Every string of a value with the key it stands under. */
function* strings(value: Json | undefined, key = ''): Generator<readonly [string, string]> {
  if (typeof value === 'string') yield [key, value]
  else if (Array.isArray(value)) for (const entry of value as readonly Json[]) yield* strings(entry, key)
  else if (value !== null && typeof value === 'object') for (const [name, entry] of Object.entries(value)) yield* strings(entry as Json, name)
}

describe.each(Object.keys(charts) as ChartKind[])('chart %s', (kind) => {
  it('is drawn as before', () => {
    const made = drawn[kind](light)
    expect(made.length).toBeGreaterThan(0)
    for (const chart of made) expect(rounded(chart)).toMatchSnapshot()
  })
  it('has words, a table twin of even width, and SVG traces only', () => {
    for (const chart of drawn[kind](light)) {
      if (!chart) throw new Error(`missing chart; the fixture of ${kind} draws nothing`)
      expect(chart.title).not.toBe('')
      expect(chart.description).toMatch(/\.$/)
      expect(chart.table.rows.length).toBeGreaterThan(0)
      for (const row of chart.table.rows) expect(row).toHaveLength(chart.table.columns.length)
      for (const trace of chart.figure.data) expect(['scatter', 'bar', 'heatmap']).toContain(trace.type)
    }
  })
  it('holds no number that is not finite', () => {
    for (const chart of drawn[kind](light)) {
      const bad: string[] = []
      JSON.stringify(chart, (key, value: unknown) => {
        if (typeof value === 'number' && !Number.isFinite(value)) bad.push(key)
        return value
      })
      expect(bad).toEqual([])
    }
  })
  it('takes its colours from the palette', () => {
    const colours = (palette: Palette) => drawn[kind](palette).flatMap((chart) => [...strings(chart?.figure as unknown as Json)].filter(([, text]) => /^#[0-9a-f]{6}$/i.test(text)).map(([, text]) => text))
    const known = (palette: Palette) => new Set<string>(Object.values(palette).flat() as string[])
    for (const palette of [light, dark]) for (const colour of colours(palette)) expect(known(palette)).toContain(colour)
  })
  it('carries no markup once escaped, and no name in a hovertemplate', () => {
    for (const chart of drawn[kind](light)) {
      const escaped = escapeFigure((chart as Chart).figure)
      for (const [key, text] of [...strings(escaped.data), ...strings(escaped.layout)]) {
        if (key === 'hovertemplate') expect(text.replaceAll('<br>', '').replace('<extra></extra>', '')).not.toMatch(/[<>]/)
        else expect(text).not.toMatch(/[<>]/)
      }
    }
  })
})

it('charts of pictures speak of pictures', () => {
  const noun = 'picture'
  const made = [
    ...[binary, several].flatMap((evaluation) => [charts.confusion({ ...evaluation, noun }, light), charts.roc({ ...evaluation, noun }, light), charts['precision-recall']({ ...evaluation, noun }, light), charts.calibration({ ...evaluation, noun }, light)]),
    charts['threshold-metrics']({ ...binary, noun }, light),
    charts['fold-curve']({ ...foldCurveOf, noun }, light),
    charts.leaderboard({ ...leaderboardOf, noun }, light),
    charts.differences({ ...differencesOf, noun }, light),
    charts.groups({ ...groupReport, noun }, light),
    charts.overlay({ kind: 'roc', runs: [{ name: 'a', evaluation: binary }], noun }, light),
  ]
  for (const chart of made) {
    if (!chart) throw new Error('missing chart')
    const words = [chart.title, chart.description, ...chart.table.columns, ...[...strings(chart.figure as unknown as Json)].map(([, text]) => text)]
    expect(words.filter((text) => /\brows?\b/i.test(text))).toEqual([])
    expect(chart.description).not.toContain('undefined')
  }
  expect(made.some((chart) => /\bpictures\b/.test(chart?.description ?? ''))).toBe(true)
})

it('says of how many classes only the most common have curves', () => {
  const many = { ...several, classes: Array.from({ length: 200 }, (_, i) => `class ${i}`) }
  for (const chart of [charts.roc(many, light), charts['precision-recall'](many, light), charts.calibration(many, light)]) expect(chart?.description).toContain('Of 200 classes the 3 most common are drawn.')
  expect(charts.roc(several, light)?.description).not.toContain('most common')
})

describe('a chart of nothing', () => {
  it('is not drawn', () => {
    expect(charts.roc(regression, light)).toBeUndefined()
    expect(charts.residuals(binary, light)).toBeUndefined()
    expect(charts.history({ name: 'x', history: [] }, light)).toBeUndefined()
    expect(charts.leaderboard({ ...leaderboardOf, rows: [] }, light)).toBeUndefined()
  })
})
