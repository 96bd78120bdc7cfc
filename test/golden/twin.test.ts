/**
 * The code twin of every estimator, and of a head for pictures. `twin.py` lets Python run what is written here and keeps the scores; the test trains
 * the same runs in the studio and holds the two against each other within the tolerance that the twin itself states.
 */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { spawnSync } from 'node:child_process'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { buildCli } from '../../src/cli/build.mjs'
import { retrain, type Retrained } from '../../src/cli/api.ts'
import { twinModels } from '../../src/core/code/twin/models.ts'
import { twinOf, type Twin } from '../../src/core/code/twin/twin.ts'
import type { Task } from '../../src/core/data/target.ts'
import { estimators } from '../../src/core/estimators/registry.ts'
import type { ParamValues } from '../../src/core/params.ts'
import { defaultRecipe } from '../../src/core/recipe/default-recipe.ts'
import type { SplitStrategy } from '../../src/core/data/split.ts'
import { defaultSplit } from '../../src/core/data/default-split.ts'
import { bytesOf, openZip } from '../../src/core/zip.ts'
import { datasetRecord } from '../../src/storage/datasets.ts'
import { takeOver } from '../../src/storage/projects.ts'
import { readRun } from '../../src/storage/runs.ts'
import { deployExport } from '../../src/tasks/deploy-export.ts'
import { deployTwin } from '../../src/tasks/deploy-twin.ts'
import { modelBring, modelBringOwn } from '../../src/tasks/model-bring.ts'
import { train } from '../../src/tasks/train.ts'
import { elsewhereCases, penguinsHere } from '../support/elsewhere-cases.ts'
import { everyLayer, pixelsOnly, stripes, stripesSpec } from '../support/stripes.ts'
import type { RunSpec } from '../../src/core/run/run-spec.ts'
import type { RecipeSpec } from '../../src/core/recipe/step.ts'
import { expectConsole } from '../support/fail-on-console.ts'

interface Golden {
  readonly versions: Readonly<Record<string, string>>
  readonly twins: readonly { readonly name: string; readonly sha256: string; readonly scores: Readonly<Record<string, number>> }[]
}
const data = 'public/samples/penguins.csv'
const targets: Readonly<Record<Task, string>> = { binary: 'sex', multiclass: 'species', regression: 'body_mass_g' }
/** Shorter than the defaults, where those take long. */
const params: Readonly<Record<string, ParamValues>> = {
  'explainable-boosting': { maxIter: 100, outerBags: 2, interactions: 1 },
  'hist-gradient-boosting': { maxIter: 40 },
  'random-forest': { nEstimators: 60 },
  'extra-trees': { nEstimators: 60 },
  mlp: { maxIter: 120, hiddenLayerSizes: '16', learningRateInit: 0.01, backend: 'cpu' },
}
const step = (id: string, name: string, kinds: readonly ('numeric' | 'categorical')[], given: ParamValues) => ({ id, step: name, columns: { by: 'kind', kinds } as const, params: given })
/** Every step with its other options. */
const otherRecipe: RecipeSpec = {
  version: 1,
  excluded: ['year'],
  steps: [step('i', 'impute', ['numeric'], { strategy: 'mean', indicator: true }), step('c', 'clip', ['numeric'], { lower: 0.05, upper: 0.9 }), step('s', 'scale', ['numeric'], { method: 'robust' }), step('o', 'onehot', ['categorical'], { minFrequency: 0.2, missing: 'zeros' })],
}
interface Case {
  readonly name: string
  readonly id: string
  readonly task: Task
  readonly params?: ParamValues
  readonly recipe?: RecipeSpec
  readonly sampleWeight?: string
  /** A column of two values, read as a boolean. */
  readonly boolean?: string
}
const cases: readonly Case[] = [
  ...estimators.all.filter(({ tags }) => !tags.takesPictures).flatMap(({ id, tasks }) => tasks.map((task) => ({ name: `${id} ${task}`, id, task }))),
  { name: 'logistic-regression a boolean', id: 'logistic-regression', task: 'multiclass', boolean: 'sex' },
  { name: 'logistic-regression another recipe', id: 'logistic-regression', task: 'multiclass', recipe: otherRecipe },
  { name: 'hist-gradient-boosting xgboost', id: 'hist-gradient-boosting', task: 'multiclass', params: { maxIter: 40, subsample: 0.8, growPolicy: 'depth-wise', maxDepth: 4, classWeight: 'balanced' } },
  // About 2,000 a row: whoever forgets it has another penalty.
  ...(['ridge', 'logistic-regression', 'linear-svm', 'k-neighbors', 'mlp'] as const).map((id) => ({ name: `${id} weighed`, id, task: id === 'ridge' || id === 'mlp' ? ('regression' as const) : ('binary' as const), ...(id === 'mlp' ? {} : { params: id === 'k-neighbors' ? { weights: 'distance' } : {} }), sampleWeight: 'year' })),
  ...['gaussian-nb', 'k-neighbors'].map((id) => ({ name: `${id} balanced`, id, task: 'multiclass' as const, params: { classWeight: 'balanced' } })),
]

const brief = { learningRateInit: 0.003, batchSize: 8, backend: 'wasm' }
const pictureCases: readonly { readonly name: string; readonly id: string; readonly params?: ParamValues; readonly pixels?: ParamValues }[] = [
  { name: 'a head on the pretrained network', id: 'logistic-regression' },
  { name: 'pixels as numbers', id: 'logistic-regression', params: { C: 0.01 }, pixels: { size: 8, layout: 'numbers', crop: 'stretch' } },
  { name: 'cnn small', id: 'cnn', params: { ...brief, maxIter: 12, earlyStopping: false, alpha: 0.01 }, pixels: { size: 16, colour: 'grey', crop: 'contain' } },
  {
    name: 'cnn every layer, changed pictures',
    id: 'cnn',
    params: {
      ...brief,
      maxIter: 15,
      validationFraction: 0.2,
      classWeight: 'balanced',
      flip: true,
      shift: 0.1,
      rotate: 10,
      zoom: 0.1,
      colour: 0.2,
      layers: everyLayer,
    },
    pixels: { size: 14 },
  },
]

const golden = JSON.parse(readFileSync(new URL('twin.json', import.meta.url), 'utf8')) as Golden
const folder = process.env['TWINS'] ?? mkdtempSync(join(tmpdir(), 'glasshouse-twin-'))
afterAll(() => process.env['TWINS'] === undefined && rmSync(folder, { recursive: true, force: true }))

async function made({ id, task, params: own, recipe, sampleWeight, boolean }: Case): Promise<{ trained: Retrained; twin: Twin }> {
  const estimator = estimators.get(id)
  const target = { column: targets[task], task }
  // The columns are read first, to propose a recipe as the page does.
  const spec = { version: 1 as const, target, split: defaultSplit(target), recipe: recipe ?? (await proposal(id, target.column, boolean)), estimator: { id, params: own ?? params[id] ?? {} }, seed: 3, ...(sampleWeight !== undefined && { sampleWeight }) }
  const trained = await retrain({ file: data, spec, threshold: task === 'binary' ? 0.4 : 0.5, ...(boolean !== undefined && { kinds: [{ column: boolean, kind: 'boolean' }] }) })
  const { host, run } = trained
  const { dataset, model, split } = await host.store.read(['datasets', 'models', 'splits'], async (tx) => ({ dataset: await tx.get('datasets', run.spec.datasetId), model: await tx.get('models', run.id), split: await tx.get('splits', run.id) }))
  if (!dataset || !model || !split) throw new Error('missing records')
  expect(estimator.tasks).toContain(task)
  return { trained, twin: twinOf({ run: { ...run, name: `${id} on penguins` }, data: { source: dataset.source, rows: dataset.rowsCommitted, options: dataset.options, rejected: dataset.rejectedCount, columns: dataset.columns }, recipe: model.recipe, classes: model.classes, split }) }
}
const columns = penguinsHere.then((here) => here.columns)
const proposal = async (id: string, target: string, boolean?: string): Promise<RecipeSpec> =>
  defaultRecipe(estimators.get(id).tags, (await columns).map((column) => (column.name === boolean ? { ...column, kind: 'boolean' } : column)), target)

beforeEach(() => expectConsole(/TensorFlow\.js in Node|Platform node has already been set/))

/** Keeps the twin for Python, or holds its scores against ours. @param more files that it reads, in a folder of their own */
function held(name: string, scores: Retrained['scores'], twin: Twin, more: readonly (readonly [string, Uint8Array])[] = []): void {
  const file = name.replace(/\W+/g, '-')
  if (process.env['TWINS'] !== undefined) {
    writeFileSync(join(folder, `${file}.py`), twin.python)
    writeFileSync(join(folder, `${file}.split.json`), twin.split)
    writeFileSync(join(folder, `${file}.txt`), name)
    if (more.length > 0) mkdirSync(join(folder, `${file}.files`))
    for (const [path, bytes] of more) writeFileSync(join(folder, `${file}.files`, path), bytes)
    return
  }
  const found = golden.twins.find((twin) => twin.name === name)
  const hint = 'npm run golden -- twin lets Python run the twins again'
  expect(found, hint).toBeDefined()
  // The numbers of the studio stand in the text: a change of either is a change of the twin.
  expect(createHash('sha256').update(withoutStudio(twin.python)).digest('hex'), hint).toBe(found?.sha256)
  const allowed = JSON.parse((/^ALLOWED = (.*)$/m.exec(twin.python) as RegExpExecArray)[1] as string) as Record<string, number>
  const values = new Map(scores.map(({ metric, value }) => [metric, value as number]))
  expect(Object.keys(allowed).length).toBeGreaterThanOrEqual(3)
  for (const [metric, tolerance] of Object.entries(allowed)) {
    expect(Math.abs((values.get(metric) as number) - (found?.scores[metric] as number)), `${metric}: ${values.get(metric)} here, ${found?.scores[metric]} in Python`).toBeLessThanOrEqual(tolerance)
  }
}

describe('the scores of the twin lie as near as it says', () => {
  test.each(cases)('$name', async (one) => {
    const { trained, twin } = await made(one)
    held(one.name, trained.scores, twin)
  })

  test.each(pictureCases)('$name', async (one) => {
    const { twin, scores, files, graph } = await pictureTwin(one)
    held(one.name, scores, twin, [...files, ['model.onnx', graph]])
  })
})

/** What another place made, as runs of the penguins. */
describe('a model that came from elsewhere', () => {
  const answers = JSON.parse(readFileSync(new URL('elsewhere.json', import.meta.url), 'utf8')) as { readonly results: Readonly<Record<string, object>> }
  const seated = async (target: string, task: Task) => {
    const own = { column: target, task, ...(task === 'binary' && { positive: 'male' }) }
    return retrain({ file: data, spec: { version: 1, target: own, split: defaultSplit(own), recipe: { version: 1, excluded: [], steps: [] }, estimator: { id: 'baseline', params: {} }, seed: 3 } })
  }
  /** @returns the twin of what was brought, its scores, and its pipeline.json and graph, where it has one */
  async function brought({ host, run }: Retrained, bring: (place: { readonly runId: string; readonly token: number; readonly question: RunSpec }) => Promise<unknown>) {
    const token = await takeOver(host.store, run.spec.projectId)
    await bring({ runId: 'back', token, question: run.spec })
    const { files } = await deployTwin({ runId: 'back' }, host)
    const text = (path: string): string => files.find((file) => file.path === path)?.text ?? ''
    const twin: Twin = { python: text('twin.py'), notebook: text('twin.ipynb'), typescript: text('twin.ts'), split: text('split.json') }
    return { twin, scores: (await readRun(host.store, 'back')).evaluation?.scores ?? [] }
  }
  const exported = async ({ host, run }: Retrained, runId = run.id): Promise<Awaited<ReturnType<typeof openZip>>> =>
    openZip(bytesOf((await deployExport({ runId, name: 'Penguins', intendedUse: '', limitations: '' }, host)).zip as Uint8Array<ArrayBuffer>))

  test.each(elsewhereCases)('elsewhere $name', async (one) => {
    const seat = await seated(targets[one.task], one.task)
    const { twin, scores } = await brought(seat, (place) => modelBringOwn({ ...place, file: new File([JSON.stringify(answers.results[one.name])], 'result.json') }, seat.host))
    held(`elsewhere ${one.name}`, scores, twin)
  })

  test('of rows that are not here is kept as it is: in Python as its graph, in TypeScript bit for bit', async () => {
    const half = join(folder, 'half.csv')
    writeFileSync(half, readFileSync(data, 'utf8').split('\n').filter((_, row) => row % 2 === 0).join('\n'))
    const seat = await seated('sex', 'binary')
    const there = await retrain({ file: half, spec: { ...seat.run.spec, recipe: await proposal('random-forest', 'sex'), estimator: { id: 'random-forest', params: { nEstimators: 9 } } }, threshold: 0.4 })
    const bundle = await exported(there)
    const pipeline = await bundle.read('pipeline.json')
    const { twin, scores } = await brought(seat, (place) => modelBringOwn({ ...place, file: new File([pipeline], 'pipeline.json') }, seat.host))
    expect(twin.python).toContain('# It does not learn: the model was trained on other rows than these, in another project.')
    const back = await exported(seat, 'back')
    expect([...back.names]).toContain('code/twin.py')
    held('kept of other rows', scores, twin, [['model.onnx', await back.read('model.onnx')]])
    await inFolder(async (own) => {
      copyFileSync(data, join(own, 'penguins.csv'))
      writeFileSync(join(own, 'pipeline.json'), pipeline)
      expectSameBits(await runTypescript(own, twin, { MODEL: 'pipeline.json' }))
    })
  }, 180_000)

  test('as a stranger’s graph is asked with the same mapping', async () => {
    const seat = await seated('species', 'multiclass')
    const there = await retrain({ file: data, spec: { ...seat.run.spec, recipe: { version: 1, excluded: ['island', 'sex', 'year'], steps: [step('i', 'impute', ['numeric'], {})] }, estimator: { id: 'decision-tree', params: { maxDepth: 3 } } } })
    const graph = await (await exported(there)).read('model.onnx')
    const columns = there.run.features.map(({ name }) => name)
    const { twin, scores } = await brought(seat, ({ question, ...place }) => modelBring({ ...place, spec: { ...question, estimator: { id: 'onnx-model', params: {} } }, file: new File([graph], 'tree.onnx'), mapping: { fileName: 'tree.onnx', columns, classes: ['Adelie', 'Chinstrap', 'Gentoo'] } }, seat.host))
    expect(twin.python).toContain('# It does not learn: the model was brought in: tree.onnx.')
    held('kept stranger', scores, twin, [['model.onnx', graph]])
    await inFolder(async (own) => {
      copyFileSync(data, join(own, 'penguins.csv'))
      writeFileSync(join(own, 'tree.onnx'), graph)
      expectSameBits(await runTypescript(own, twin))
    })
  }, 180_000)
})

/** A model of the stripes, taken out as a bundle. */
async function pictureTwin({ id, params: own, pixels }: Omit<(typeof pictureCases)[number], 'name'>, strategy: SplitStrategy = { kind: 'random' }) {
  const made = await stripes(strategy.kind === 'grouped')
  const { host, token, datasetId, files } = made
  const { columns } = await datasetRecord(host.store, datasetId)
  const recipe = pixels ? pixelsOnly(pixels) : defaultRecipe(estimators.get(id).tags, columns, 'label')
  await train({ runId: 'run-1', token, spec: stripesSpec(made, recipe, { id, params: own ?? {} }, strategy) }, host)
  const { zip } = await deployExport({ runId: 'run-1', name: 'Stripes', intendedUse: '', limitations: '' }, host)
  const bundle = await openZip(bytesOf(zip as Uint8Array<ArrayBuffer>))
  const text = async (name: string): Promise<string> => new TextDecoder().decode(await bundle.read(name))
  const twin: Twin = { python: await text('code/twin.py'), notebook: await text('code/twin.ipynb'), typescript: await text('code/twin.ts'), split: await text('code/split.json') }
  return { twin, files, scores: (await readRun(host.store, 'run-1')).evaluation?.scores ?? [], graph: await bundle.read('model.onnx') }
}

/** Scores of ours may move in their last digits from one engine to another. */
function withoutStudio(python: string): string {
  return python.replaceAll(/^(STUDIO|ALLOWED) = .*$/gm, '$1')
}

test('every estimator has a twin; the notebook holds the lines of the script', async () => {
  expect(estimators.all.filter(({ id }) => !twinModels.has(id)).map(({ id }) => id)).toEqual([])
  const { twin } = await made({ name: '', id: 'ridge', task: 'regression' })
  const { cells, nbformat } = JSON.parse(twin.notebook) as { nbformat: number; cells: { cell_type: string; source: string[] }[] }
  expect(nbformat).toBe(4)
  const code = cells.filter(({ cell_type }) => cell_type === 'code').map(({ source }) => source.join(''))
  expect(code.join('\n\n')).toBe(twin.python.replaceAll(/^# %% .*\n/gm, '').trimEnd())
})

/** What the twin in TypeScript prints in this folder; the package is not installed there, its build stands in for it. */
async function runTypescript(own: string, { typescript, split }: Twin, env: Readonly<Record<string, string>> = {}) {
  await buildCli()
  writeFileSync(join(own, 'split.json'), split)
  writeFileSync(join(own, 'twin.mts'), typescript.replace("'glasshouse'", JSON.stringify(resolve('dist-cli/api.mjs'))))
  return spawnSync(process.execPath, [resolve('node_modules/tsx/dist/cli.mjs'), 'twin.mts'], { cwd: own, encoding: 'utf8', env: { ...process.env, ...env } })
}
function expectSameBits({ status, stdout, stderr }: Awaited<ReturnType<typeof runTypescript>>): void {
  expect(status, stderr).toBe(0)
  const lines = stdout.trim().split('\n').map((line) => line.split(/\s+/))
  expect(lines.length).toBeGreaterThan(4)
  for (const [metric, value, , studio] of lines) expect(value, metric).toBe(studio)
}
const inFolder = async (work: (own: string) => Promise<void>): Promise<void> => {
  const own = mkdtempSync(join(tmpdir(), 'glasshouse-ts-'))
  try {
    await work(own)
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
}

test('the twin in TypeScript leaves the same bits, and refuses another file', async () => {
  const { twin } = await made({ name: '', id: 'logistic-regression', task: 'binary' })
  await inFolder(async (own) => {
    copyFileSync(data, join(own, 'penguins.csv'))
    expectSameBits(await runTypescript(own, twin))
    writeFileSync(join(own, 'penguins.csv'), `${readFileSync(data, 'utf8')}\n`)
    expect((await runTypescript(own, twin)).stderr).toContain('invalid file; its SHA-256 must be')
  })
}, 180_000)

test('so does that of a network for pictures, dealt by a column of copies; one that is gone is named', async () => {
  const { twin, files } = await pictureTwin({ id: 'cnn', params: { ...brief, maxIter: 2 }, pixels: { size: 10, colour: 'grey' } }, { kind: 'grouped', column: 'copies' })
  await inFolder(async (own) => {
    mkdirSync(join(own, 'pictures'))
    for (const [path, bytes] of files) writeFileSync(join(own, 'pictures', path), bytes)
    expectSameBits(await runTypescript(own, twin))
    rmSync(join(own, 'pictures', files[1]?.[0] as string))
    expect((await runTypescript(own, twin)).stderr).toMatch(/missing pictures; 1 of this run are not in pictures: the first has the SHA-256 [0-9a-f]{64}/)
  })
}, 180_000)
