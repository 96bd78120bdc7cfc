/** A network from scratch through the tasks: trained, explained, laid out, exported. */
import { beforeAll, expect, it } from 'vitest'
import { estimators } from '../../../src/core/estimators/registry.ts'
import { noEdits } from '../../../src/core/images/edit.ts'
import { nodeRunner } from '../../../src/core/onnx/runner-node.ts'
import { defaultRecipe } from '../../../src/core/recipe/default-recipe.ts'
import { datasetRecord } from '../../../src/storage/datasets.ts'
import { createMemoryStore } from '../../../src/storage/memory-store.ts'
import { createProject, savePlan, takeOver } from '../../../src/storage/projects.ts'
import { updateRun } from '../../../src/storage/runs.ts'
import { deployExport } from '../../../src/tasks/deploy-export.ts'
import { explainPictureEdit } from '../../../src/tasks/explain-picture-edit.ts'
import { explainPictureLayers } from '../../../src/tasks/explain-picture-layers.ts'
import { explainPicture, explainPictureMap, rowsOnMap } from '../../../src/tasks/explain-picture.ts'
import { picturesAdd } from '../../../src/tasks/pictures-add.ts'
import { picturesCommit } from '../../../src/tasks/pictures-commit.ts'
import type { Host } from '../../../src/tasks/task.ts'
import { train } from '../../../src/tasks/train.ts'
import { nodeContext } from '../../support/node-context.ts'
import { openPng } from '../../support/open-png.ts'
import { png } from '../../support/pictures.ts'

/** A bright square on the left or on the right of an uneven ground. */
const square = (left: boolean, seed: number) => png(32, 32, (x, y) => (Math.abs(x - (left ? 8 : 24)) < 4 && Math.abs(y - 16) < 4 ? [230, 230, 200] : [20 + ((x * 7 + y * 13 + seed * 31) % 40), 30, 40]))

let host: Host
let token: number

beforeAll(async () => {
  const store = createMemoryStore()
  host = { store, context: nodeContext(), environment: { app: 'test', userAgent: 'node', threads: 1 }, openPicture: openPng, openRunner: async () => nodeRunner() }
  const projectId = (await createProject(store, 'Sides')).id
  token = await takeOver(store, projectId)
  await savePlan(store, projectId, token, { datasetId: null, target: null, split: null, recipe: null, pictures: { classes: ['left', 'right'] } })
  const files = [true, false].flatMap((left) => Array.from({ length: 24 }, (_, i) => ({ path: `${left ? 'left' : 'right'}/${i}.png`, file: new Blob([square(left, i * 2 + Number(left))]) })))
  await picturesAdd({ projectId, token, files, source: 'file' }, host)
  const { datasetId } = await picturesCommit({ projectId, token, name: 'Sides' }, host)
  const { columns } = await datasetRecord(store, datasetId as string)
  for (const [runId, id, params] of [['net', 'cnn', { maxIter: 12, batchSize: 8, earlyStopping: false }], ['head', 'logistic-regression', {}], ['trees', 'random-forest', { nEstimators: 10 }]] as const) {
    await train(
      {
        runId,
        token,
        spec: {
          version: 1,
          projectId,
          datasetId: datasetId as string,
          target: { column: 'label', task: 'binary' },
          split: { strategy: { kind: 'stratified', column: 'label' }, validShare: 0.3, testShare: 0, seed: 1 },
          recipe: defaultRecipe(estimators.get(id).tags, columns, 'label'),
          estimator: { id, params },
          seed: 1,
        },
      },
      host,
    )
  }
}, 60_000)

it.each(['grad-cam', 'integrated-gradients', 'occlusion'] as const)('%s says what of a picture counts, and who is alike', async (method) => {
  const found = await explainPicture({ runId: 'net', picture: { row: 0 }, method }, host)
  expect(found.methods).toEqual(['grad-cam', 'integrated-gradients', 'occlusion'])
  expect(found.method).toBe(method)
  expect(Math.max(...found.probabilities)).toBeGreaterThan(0.8)
  expect(found.heat).toMatchObject({ width: 28, height: 28 })
  expect(found.heat.values.some((value) => value !== 0)).toBe(true)
  expect(found.nearest).toHaveLength(8)
  expect(found.nearest.some(({ row }) => row === 0)).toBe(false)
  expect(found).toMatchObject({ against: 'weights', sanity: expect.any(Number) })
  if (method === 'integrated-gradients') expect(found.gap).toBeLessThan(0.05)
})

it('without a class asked for, the one that the model names is explained, at the threshold that it names it by', async () => {
  const ask = () => explainPicture({ runId: 'net', picture: { row: 40 }, method: 'grad-cam' }, host)
  const { probabilities, target } = await ask()
  expect([probabilities[1]! > 0.8, target]).toEqual([true, 1])
  await updateRun(host.store, 'net', token, { threshold: (1 + probabilities[1]!) / 2 })
  expect((await ask()).target).toBe(0)
  await updateRun(host.store, 'net', token, { threshold: 0.5 })
})

it('a head on a trained network has Grad-CAM by its maps and slopes by the pixels, one with jumps occlusion alone, whatever was asked', async () => {
  const methods = ['grad-cam', 'integrated-gradients', 'occlusion']
  const found = await explainPicture({ runId: 'head', picture: { row: 3 }, method: 'grad-cam' }, host)
  expect(found).toMatchObject({ method: 'grad-cam', methods, heat: { width: 224 }, against: 'slopes', sanity: expect.any(Number) })
  expect(found.heat.values.some((value) => value > 0)).toBe(true)
  const pixelwise = await explainPicture({ runId: 'head', picture: { row: 3 }, method: 'integrated-gradients' }, host)
  expect(pixelwise).toMatchObject({ method: 'integrated-gradients', methods, heat: { width: 224 }, against: 'slopes', sanity: expect.any(Number) })
  expect(pixelwise.gap).toBeLessThan(0.15)
  const trees = await explainPicture({ runId: 'trees', picture: { row: 3 }, method: 'grad-cam' }, host)
  expect(trees).toMatchObject({ method: 'occlusion', methods: ['occlusion'], heat: { width: 224 } })
  expect([trees.sanity, trees.against]).toEqual([undefined, undefined])
  expect(trees.heat.values.some((value) => value !== 0)).toBe(true)
})

it('squares over a picture of a head are held against heads with random weights', async () => {
  const hidden = await explainPicture({ runId: 'head', picture: { row: 3 }, method: 'occlusion' }, host)
  expect(hidden).toMatchObject({ method: 'occlusion', against: 'head', sanity: expect.any(Number) })
  expect(hidden.sanity).toBeLessThan(0.9)
})

it('a new picture is explained and edited like one of the data, and one that is none is refused', async () => {
  const file = new Blob([square(true, 99)])
  const asked = { id: 'new', file }
  const found = await explainPicture({ runId: 'net', picture: asked, method: 'occlusion' }, host)
  expect(found.probabilities[0]).toBeGreaterThan(0.8)
  expect(found.nearest).toHaveLength(8)
  // The same bytes as a row of the data: the same answer.
  const known = await explainPicture({ runId: 'net', picture: { row: 0 }, method: 'grad-cam' }, host)
  const again = await explainPicture({ runId: 'net', picture: { id: 'copy', file: new Blob([square(true, 1)]) }, method: 'grad-cam' }, host)
  expect(again.probabilities).toEqual(known.probabilities)
  expect(again.nearest[0]).toMatchObject({ row: 0, distance: expect.closeTo(0, 6) })
  const before = await explainPictureEdit({ runId: 'net', picture: asked, edits: noEdits }, host)
  const hidden = { ...noEdits, strokes: [{ colour: [20, 30, 40] as const, radius: 0.25, points: [0.25, 0.5] }, { colour: [230, 230, 200] as const, radius: 0.13, points: [0.75, 0.5] }] }
  const edited = await explainPictureEdit({ runId: 'net', picture: asked, edits: hidden }, host)
  expect([before.answer.label, before.actual, edited.answer.label]).toEqual(['left', null, 'right'])
  expect((await explainPictureLayers({ runId: 'net', picture: asked }, host)).length).toBeGreaterThan(3)
  await expect(explainPictureEdit({ runId: 'net', picture: { id: 'words', file: new Blob(['words']) }, edits: noEdits }, host)).rejects.toThrow('holds text')
})

it.each(['pca', 'umap'] as const)('a map by %s has every picture of training and validation', async (by) => {
  const map = await explainPictureMap({ runId: 'net', by }, host)
  expect(map.rows).toHaveLength(48)
  expect(map.of).toBe(48)
  expect([...map.x, ...map.y].every(Number.isFinite)).toBe(true)
  expect(new Set(map.classes).size).toBe(2)
})

it('of more pictures than a map holds it has a sample, and always those that are asked for', () => {
  const all = Array.from({ length: 40 }, (_, i) => 3 * i)
  const sample = rowsOnMap(all, [], 1, 10)
  expect([sample.length, new Set(sample).size]).toEqual([10, 10])
  const outside = all.filter((row) => !sample.includes(row)).slice(0, 3)
  // 1 is no row of training or validation; those already there are not drawn twice.
  const asked = rowsOnMap(all, [...outside, sample[9]!, 1], 1, 10)
  expect([asked.length, new Set(asked).size]).toEqual([10, 10])
  expect(asked).toEqual(expect.arrayContaining([...outside, sample[9]]))
  expect(asked).toEqual(expect.arrayContaining(sample.slice(0, 6)))
  expect(rowsOnMap(all, [], 1, 40)).toEqual(all)
})

it('is exported whole, pixels and all', async () => {
  const made = await deployExport({ runId: 'net', name: 'Sides', intendedUse: '', limitations: '' }, host)
  expect(made.certificate).toMatchObject({ passed: true, labelsDifferent: 0 })
})
