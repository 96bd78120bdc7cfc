/** What a card says of a model holds to the digit: thresholds, ranges, parameters, and what a baseline was not asked. */
import { beforeAll, describe, expect, test } from 'vitest'
import { metrics } from '../../../../src/core/metrics/registry.ts'
import type { Run } from '../../../../src/core/run/run.ts'
import type { Evaluation } from '../../../../src/core/evaluate/evaluation.ts'
import { percentOf } from '../../../../src/core/percent.ts'
import { bytesOf, openZip } from '../../../../src/core/zip.ts'
import { readRun } from '../../../../src/storage/runs.ts'
import { deployExport } from '../../../../src/tasks/deploy-export.ts'
import { openRun } from '../../../../src/tasks/opened-run.ts'
import { evaluate } from '../../../../src/core/evaluate/evaluate.ts'
import { columnFrom } from '../../../../src/core/data/column.ts'
import { deployed } from '../../../support/deployed.ts'
import { hostileNames, richDataset } from '../../../support/rich-data.ts'

type Block = { readonly kind: 'text' | 'gap' | 'warning'; readonly text: string } | { readonly kind: 'list'; readonly items: readonly string[] } | { readonly kind: 'table'; readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] }
interface CardFile {
  readonly parameters: unknown
  readonly recipe: readonly { readonly step: string; readonly params: Readonly<Record<string, unknown>> }[]
  readonly figures: { readonly training: unknown; readonly thresholds: unknown; readonly test: readonly { readonly metric: string; readonly value: number | null }[]; readonly groups: readonly { readonly metric: string; readonly overall: { readonly value: number } }[] }
  readonly sections: readonly { readonly title: string; readonly blocks: readonly Block[] }[]
}
async function bundle({ host, runId }: Pick<Awaited<ReturnType<typeof deployed>>, 'host' | 'runId'>) {
  const { zip, card } = await deployExport({ runId, name: 'Card', intendedUse: '', limitations: '' }, host)
  const reader = await openZip(bytesOf(zip as Uint8Array))
  const json = async (name: string): Promise<unknown> => JSON.parse(new TextDecoder().decode(await reader.read(name)))
  return { markdown: card, card: (await json('model_card.json')) as CardFile, signature: (await json('signature.json')) as { readonly inputs: readonly { readonly name: string; readonly min?: number; readonly max?: number; readonly kind: string }[] } }
}
const blocksOf = ({ sections }: CardFile, title: string): readonly Block[] => sections.find((section) => section.title === title)?.blocks ?? []
const after = (blocks: readonly Block[], start: string): readonly Block[] => blocks.slice(blocks.findIndex((block) => block.kind === 'text' && block.text.startsWith(start)))

describe('a test part that was opened at another threshold than the model leaves with', () => {
  const opened = 0.5
  const leaves = 0.16461507040920337
  let made: Awaited<ReturnType<typeof bundle>>
  beforeAll(async () => {
    const model = await deployed(richDataset('binary'), 'binary', 'logistic-regression', { C: 0.3 })
    const { host, runId } = model
    const run = await readRun(host.store, runId)
    const pipeline = await openRun(host, runId)
    const judge = async (part: 'test' | 'valid', threshold: number) => evaluate({ part, rows: pipeline.rowsOf(part), target: pipeline.targetAt(pipeline.rowsOf(part)), prediction: await pipeline.predictionsOn(part), threshold, seed: 3 }, host.context)
    const changed: Run = { ...run, threshold: leaves, testOpenings: 1, testEvaluation: await judge('test', opened), evaluation: await judge('valid', leaves) }
    // A baseline whose test part stayed sealed.
    const evaluation = run.evaluation as Evaluation
    const silent = evaluation.scores.map((row) => (row.metric === 'precision' ? { metric: row.metric, value: null, reason: 'it names one class only', low: null, high: null } : row))
    await host.store.write(['runs'], async (tx) => {
      await tx.put('runs', { id: runId, projectId: 'p', run: changed, deletedAt: null })
      await tx.put('runs', { id: 'base', projectId: 'p', run: { ...run, id: 'base', name: 'Base', spec: { ...run.spec, estimator: { id: 'baseline', params: {} } }, evaluation: { ...evaluation, scores: silent } }, deletedAt: null })
    })
    made = await bundle(model)
  })

  test('groups are judged as the table above them was, and every table names its threshold', () => {
    const { card, markdown } = made
    const whole = card.figures.test.find(({ metric }) => metric === 'accuracy')?.value
    for (const { metric, overall } of card.figures.groups) if (metric === 'accuracy') expect(overall.value).toBe(whole)
    expect(card.figures.thresholds).toEqual({ model: leaves, costRatio: (1 - leaves) / leaves, validation: leaves, test: opened, groups: opened })
    const headings = blocksOf(card, 'Quantitative analyses').flatMap((block) => (block.kind === 'text' && / by |, n = /.test(block.text) ? [block.text] : []))
    expect(headings.length).toBeGreaterThan(3)
    expect(markdown).toMatch(/Cost ratio \| this threshold costs least where missing a true .* costs 5\.075 times/)
    for (const heading of headings) expect(heading).toMatch(heading.startsWith('Validation') ? /, threshold 0\.1646:$/ : /^Test rows.*, threshold 0\.5:$/)
    expect(markdown).toContain('These figures are at the threshold 0.5; the model leaves with 0.1646. The test part was never judged at 0.1646')
    expect(markdown.match(/These figures are at the threshold/g)).toHaveLength(1)
    expect(markdown).toContain('0.1646 on the probability of yes (not the default, which is 0.5); signature.json has every digit')
  })

  test('a baseline that never saw those rows is a gap there, and what it has no figure for has its reason', () => {
    const blocks = blocksOf(made.card, 'Quantitative analyses')
    const testRows = after(blocks, 'Test rows, n')
    expect(testRows[1]).toMatchObject({ kind: 'table', header: ['Metric', 'Value', '95% interval'] })
    expect(testRows.slice(2, 4)).toContainEqual({ kind: 'gap', text: 'Gap: the baseline was not judged on these rows, so there is nothing to compare the figures with.' })
    const table = after(blocks, 'Validation rows, n')[1]
    if (table?.kind !== 'table') throw new Error('there is no table under the validation rows')
    expect(table.header[3]).toBe('Baseline')
    expect(table.rows.find(([label]) => label === metrics.get('precision').label)?.[3]).toBe('undefined: it names one class only')
  })
})

test('classes of the target and missing values are counted over the training rows', async () => {
  const data = richDataset('binary')
  const model = await deployed(data, 'binary', 'decision-tree')
  const { card } = await bundle(model)
  const rows = model.result.split.train
  const outcome = data.columns.find(({ name }) => name === 'outcome')
  if (outcome?.kind !== 'categorical') throw new Error('the target is no class')
  const yes = rows.reduce((sum, row) => sum + (outcome.dictionary[outcome.codes[row] as number] === 'yes' ? 1 : 0), 0)
  const tables = blocksOf(card, 'Training data').flatMap((block) => (block.kind === 'table' ? [block] : []))
  expect(tables.find(({ header }) => header[0] === 'Class')?.rows.map(([name, n]) => [name, n])).toEqual([['no', String(rows.length - yes)], ['yes', String(yes)]])
  // Every ninth of the numbers is missing.
  const holes = rows.reduce((sum, row) => sum + (row % 9 === 8 ? 1 : 0), 0)
  expect(card.figures.training).toMatchObject({ rows: rows.length, missing: expect.arrayContaining([{ column: hostileNames.number, n: holes }, { column: hostileNames.second, n: 0 }]) })
  expect(tables[0]?.rows.find(([name]) => name === hostileNames.number)?.[3]).toBe(percentOf(holes / rows.length))
})

test('ranges are those of the signature to the last digit', async () => {
  const data = richDataset('regression')
  const wide = columnFrom(hostileNames.second, 'numeric', Array.from({ length: data.rows }, (_, row) => 10_027 + row * 371.123))
  const { card, signature } = await bundle(await deployed({ ...data, columns: data.columns.map((column) => (column.name === wide.name ? wide : column)) }, 'regression', 'ridge'))
  const table = blocksOf(card, 'Training data').find((block) => block.kind === 'table' && block.header.includes('Seen in training'))
  if (table?.kind !== 'table') throw new Error('there is no table of the inputs')
  let checked = 0
  for (const [i, { kind, min, max }] of signature.inputs.entries()) {
    if (min === undefined || max === undefined) continue
    const said = (table.rows[i]?.[2] ?? '').replaceAll('\u2212', '-').split(' to ')
    expect(said.map((value) => (kind === 'datetime' ? Date.parse(`${value}Z`) / 1000 : Number(value)))).toEqual([min, max])
    checked++
  }
  expect(checked).toBeGreaterThan(2)
})

test('every parameter stands in it whole, as words and as an object', async () => {
  const long = JSON.stringify([Array.from({ length: 40 }, () => hostileNames.number)])
  expect(long.length).toBeGreaterThan(400)
  const params = { maxIter: 3, learningRate: 0.05, interactionCst: long, monotonicCst: '' }
  const model = await deployed(richDataset('regression'), 'regression', 'hist-gradient-boosting', params)
  const { card, markdown } = await bundle(model)
  expect(card.parameters).toEqual(params)
  const table = blocksOf(card, 'Model details').find((block) => block.kind === 'table' && block.header[0] === 'Parameter')
  if (table?.kind !== 'table') throw new Error('there is no table of the parameters')
  expect(table.rows.map(([name, value]) => [name, value])).toEqual([['maxIter', '3'], ['learningRate', '0.05'], ['interactionCst', long], ['monotonicCst', '(empty)']])
  for (const { params: own } of card.recipe) for (const name of Object.keys(own)) expect(markdown).toContain(`${name} `)
})
