/** The core alone, in plain Node: no storage, no worker, no page. From columns to a judged model and back from its state. */
import { describe, expect, it } from 'vitest'
import type { Progress } from '../../../../src/core/context.ts'
import { columnFrom, type Cell, type Column } from '../../../../src/core/data/column.ts'
import { columnInfo, type Dataset } from '../../../../src/core/data/dataset.ts'
import type { TargetSpec } from '../../../../src/core/data/target.ts'
import { estimators, tableEstimators } from '../../../../src/core/estimators/registry.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { defaultRecipe } from '../../../../src/core/recipe/default-recipe.ts'
import { openPipeline } from '../../../../src/core/run/open-pipeline.ts'
import { train } from '../../../../src/core/run/train.ts'
import type { RunSpec } from '../../../../src/core/run/run-spec.ts'
import { expectConsole } from '../../../support/fail-on-console.ts'
import { nodeContext } from '../../../support/node-context.ts'

const rows = 200
const rng = createRng(8)
const draw = (of: (row: number) => Cell): Cell[] => Array.from({ length: rows }, (_, row) => of(row))
const size = draw(() => rng.normal())
const colour = draw(() => ['red', '__proto__', 'blue'][rng.int(3)] as string)
const score = size.map((value, row) => (value as number) * 2 + (colour[row] === 'red' ? 1 : 0) + 0.3 * rng.normal())
const columns: readonly Column[] = [
  columnFrom('size', 'numeric', size.map((value, row) => (row % 10 === 4 ? null : value))),
  columnFrom('__proto__', 'categorical', colour.map((value, row) => (row % 13 === 5 ? null : value))),
  columnFrom('when', 'datetime', draw((row) => 1.6e9 + row * 90_000)),
  columnFrom('remark', 'text', draw((row) => `remark ${row}`)),
  columnFrom('empty', 'numeric', draw(() => null)),
  columnFrom('price', 'numeric', score.map((value, row) => (row === 3 || row === 77 ? null : 100 + 10 * value))),
  columnFrom('sold', 'categorical', score.map((value) => (value > 1.2 ? 'yes' : 'no'))),
  columnFrom('grade', 'categorical', score.map((value) => (value > 1 ? 'top' : value > -1 ? 'mid' : 'low'))),
]
const targets: Readonly<Record<string, TargetSpec>> = {
  regression: { column: 'price', task: 'regression' },
  binary: { column: 'sold', task: 'binary' },
  multiclass: { column: 'grade', task: 'multiclass' },
}
const outcomes = ['price', 'sold', 'grade']
const dataOf = (all: readonly Column[]): Dataset => ({ id: 'data', name: 'data', rows: all[0]?.length ?? 0, columns: all, source: { kind: 'paste', fileName: 'data.csv', bytes: 0, sha256: '' } })
const quick: Readonly<Record<string, Readonly<Record<string, number | string>>>> = { mlp: { backend: 'cpu', hiddenLayerSizes: '8', maxIter: 15, learningRateInit: 0.02 }, 'hist-gradient-boosting': { maxIter: 25 } }

function specFor(id: string, target: TargetSpec, over: Partial<RunSpec> = {}): RunSpec {
  const recipe = defaultRecipe(estimators.get(id).tags, columns.map(columnInfo), target.column)
  return {
    version: 1,
    projectId: 'p',
    datasetId: 'd',
    target,
    split: { strategy: target.task === 'regression' ? { kind: 'random' } : { kind: 'stratified', column: target.column }, validShare: 0.25, testShare: 0.2, seed: 3 },
    // The other outcomes would give the answer away.
    recipe: { ...recipe, excluded: outcomes.filter((name) => name !== target.column) },
    estimator: { id, params: quick[id] ?? {} },
    seed: 1,
    ...over,
  }
}

const pairs = tableEstimators.flatMap(({ id, tasks }) => tasks.map((task) => ({ id, task })))

describe.each(pairs)('$id, $task', ({ id, task }) => {
  it('trains, judges, and predicts the same after its state was stored', async () => {
    expectConsole(/TensorFlow\.js in Node|Platform node has already been set/)
    const target = targets[task] as TargetSpec
    const { pipeline, split, prediction, evaluation, warnings } = await train(specFor(id, target), dataOf(columns), nodeContext())
    expect(evaluation).toMatchObject({ part: 'valid', n: split.valid.length, task })
    expect(pipeline.recipe.leftOut).toEqual(
      expect.arrayContaining([
        { column: 'remark', reason: 'no model here reads free text yet' },
        { column: 'empty', reason: 'no row has a value' },
      ]),
    )
    const seen = split.train.length + split.valid.length + split.test.length + split.leftOut.reduce((sum, part) => sum + part.rows.length, 0)
    expect(seen).toBe(rows)
    expect(warnings).toEqual(task === 'regression' ? ['2 rows are in no part: the target is missing.'] : [])
    const record = { target: pipeline.target, classes: pipeline.classes, recipe: structuredClone(pipeline.recipe), model: structuredClone(pipeline.model.state()) }
    expect(await openPipeline(record).predict(columns, split.valid)).toEqual(prediction)
    // Serving knows no target.
    const served = columns.filter(({ name }) => !outcomes.includes(name))
    expect(await openPipeline(record).predict(served, split.valid)).toEqual(prediction)
  })
})

it('same spec, same bits; the test rows and the other outcomes have no say', async () => {
  const spec = specFor('hist-gradient-boosting', targets['binary'] as TargetSpec)
  const first = await train(spec, dataOf(columns), nodeContext())
  const inTest = new Set(first.split.test)
  const altered = columns.map((column) => (column.name === 'size' ? columnFrom('size', 'numeric', size.map((value, row) => (inTest.has(row) ? 1e6 : row % 10 === 4 ? null : value))) : column))
  const second = await train(spec, dataOf(altered), nodeContext())
  expect(second.prediction).toEqual(first.prediction)
  expect(second.pipeline.model.state()).toEqual(first.pipeline.model.state())
})

it('keeps the curves it reported and the time each part took', async () => {
  const heard: Progress[] = []
  const result = await train(specFor('hist-gradient-boosting', targets['regression'] as TargetSpec), dataOf(columns), nodeContext({ report: (progress) => void heard.push(progress) }))
  const points = heard.filter((progress) => progress.kind === 'curve')
  expect(points.length).toBeGreaterThan(0)
  expect(result.history.reduce((sum, { x }) => sum + x.length, 0)).toBe(points.length)
  for (const part of ['prepare', 'fit', 'evaluate'] as const) expect(result.timings[part]).toBeGreaterThanOrEqual(0)
})

const wrong: readonly (readonly [string, Partial<RunSpec>, readonly Column[], string, RegExp])[] = [
  ['a task the estimator does not do', { estimator: { id: 'ridge', params: {} } }, columns, 'unsupported', /^unsupported task; Ridge regression does regression: binary/],
  ['an estimator that does not exist', { estimator: { id: 'oracle', params: {} } }, columns, 'unsupported', /^unknown estimator/],
  ['a parameter out of range', { estimator: { id: 'logistic-regression', params: { C: -3 } } }, columns, 'bad-param', /^invalid C of logistic-regression; not in \[0.000001, 1000000\]: -3/],
  ['a target that is not there', { target: { column: 'nowhere', task: 'binary' } }, columns, 'bad-data', /^missing column/],
  ['free text as the target', { target: { column: 'remark', task: 'binary' }, split: { strategy: { kind: 'random' }, validShare: 0.2, testShare: 0.2, seed: 1 } }, columns, 'bad-data', /^invalid t/],
  ['one class', {}, columns.map((column) => (column.name === 'sold' ? columnFrom('sold', 'categorical', draw(() => 'yes')) : column)), 'bad-data', /needs at least 2 classes among the rows used: 1 class \(yes\)/],
  ['a target without any value', {}, columns.map((column) => (column.name === 'sold' ? columnFrom('sold', 'categorical', draw(() => null)) : column)), 'bad-data', /^missing rows; the training part would be empty/],
  ['nothing to learn from', {}, columns.filter(({ name }) => ['remark', 'sold'].includes(name)), 'bad-data', /^missing features; the recipe leaves none of 1 columns: remark/],
]
it.each(wrong)('refuses %s', async (_title, over, all, code, message) => {
  const attempt = train(specFor('logistic-regression', targets['binary'] as TargetSpec, over), dataOf(all), nodeContext())
  await expect(attempt).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
})

it('names a learning rate that blows up', async () => {
  expectConsole(/TensorFlow\.js in Node|Platform node has already been set/)
  const spec = specFor('mlp', targets['binary'] as TargetSpec, { estimator: { id: 'mlp', params: { ...quick['mlp'], learningRateInit: 1e9 } } })
  await expect(train(spec, dataOf(columns), nodeContext())).rejects.toMatchObject({ code: 'diverged', message: expect.stringContaining('learningRateInit') })
})

describe('with folds', () => {
  const binary = targets['binary'] as TargetSpec

  it('judges the same spec over folds of training and validation rows, and leaves the model as it is', async () => {
    const plain = await train(specFor('logistic-regression', binary), dataOf(columns), nodeContext())
    const folded = await train(specFor('logistic-regression', binary, { folds: 5 }), dataOf(columns), nodeContext())
    expect(folded.crossValidation).toMatchObject({ folds: 5, repeats: 1, rows: plain.split.train.length + plain.split.valid.length })
    const accuracy = folded.crossValidation?.scores.find(({ metric }) => metric === 'accuracy')
    expect(accuracy?.values).toHaveLength(5)
    expect(accuracy?.mean).toBeGreaterThan(0.8)
    expect(folded.pipeline.model.state()).toEqual(plain.pipeline.model.state())
    expect(plain.crossValidation).toBeUndefined()
  })

  it('asks in its folds for the class that the run asks for, where another is rarer among their rows', async () => {
    // Of all rows "no" is rarer; without the sealed ones "yes" is.
    const [sold, part] = [draw((row) => (row % 2 === 0 || row > 190 ? 'yes' : 'no')), draw((row) => (row % 2 === 0 && row < 60 ? 'test' : row % 5 === 0 ? 'valid' : 'train'))]
    const data = dataOf([...columns.filter(({ name }) => name !== 'sold'), columnFrom('sold', 'categorical', sold), columnFrom('part', 'categorical', part)])
    const spec = specFor('logistic-regression', binary, { folds: 4, split: { strategy: { kind: 'column', column: 'part' }, validShare: 0.2, testShare: 0.2, seed: 3 } })
    const unset = await train(spec, data, nodeContext())
    expect(unset.pipeline.classes).toEqual(['yes', 'no'])
    const named = await train({ ...spec, target: { ...binary, positive: 'no' } }, data, nodeContext())
    expect(unset.crossValidation).toEqual(named.crossValidation)
    expect(unset.outOfFold).toEqual(named.outOfFold)
  })

  it('keeps the model and says so where the rows allow no folds', async () => {
    const lonely = [...columns.filter(({ name }) => name !== 'sold'), columnFrom('sold', 'categorical', score.map((value, row) => (row === 9 ? 'perhaps' : value > 1.2 ? 'yes' : 'no')))]
    const result = await train(specFor('logistic-regression', { column: 'sold', task: 'multiclass' }, { folds: 5 }), dataOf(lonely), nodeContext())
    expect(result.crossValidation).toBeUndefined()
    expect(result.warnings).toContain('Not cross-validated: invalid class; stratified folds need at least 2 rows of each: perhaps has 1.')
  })
})
