/** Networks that a person brings in to look at pictures: what a file asks for, how it sees the pictures at hand, and keeping it. */
import { columnNamed } from '../core/data/dataset.ts'
import { cellAt, isValid, type TextColumn } from '../core/data/column.ts'
import { StudioError } from '../core/errors.ts'
import { nearest, unitRows } from '../core/explain/pictures/neighbours.ts'
import { openEmbedder } from '../core/images/backbone/embedder.ts'
import { backboneLimits } from '../core/images/backbone/limits.ts'
import { admitBackbone, offerOf } from '../core/images/backbone/own.ts'
import { onnxOfTfjs } from '../core/images/backbone/tfjs.ts'
import { resize } from '../core/images/resize.ts'
import { sha256 } from '../core/ids.ts'
import { createRng, shuffle } from '../core/math/rng.ts'
import { openZip } from '../core/zip.ts'
import { listBackbones, removeBackbone, saveBackbone } from '../storage/backbones.ts'
import { loadDataset } from '../storage/datasets.ts'
import { pictureBlob } from '../storage/pictures.ts'
import { pixelsOf } from './load-pictures.ts'
import type { TaskHandler } from './task.ts'
import { webRunner } from './web-runner.ts'

/** Pictures that a network is tried on. */
const tried = 60

/** model.json and its weights in one folder of a zip, or chosen together. @returns an ONNX file */
async function onnxFrom(files: readonly File[]): Promise<{ readonly file: Uint8Array<ArrayBuffer>; readonly name: string }> {
  const [first] = files
  if (!first) throw new StudioError({ code: 'bad-data', message: 'missing file; an ONNX file, a zip, or model.json with its weights is taken' })
  const total = files.reduce((sum, file) => sum + file.size, 0)
  if (total > backboneLimits.bytes) throw new StudioError({ code: 'unsupported', message: `unsupported network; at most ${backboneLimits.bytes / 2 ** 20} MB are taken: ${Math.ceil(total / 2 ** 20)} MB` })
  const parts = new Map<string, Uint8Array<ArrayBuffer>>()
  for (const file of files) parts.set(file.name, new Uint8Array(await file.arrayBuffer()))
  let { name } = first
  if (files.length === 1 && /\.zip$/i.test(name)) {
    const zip = await openZip({ size: first.size, read: async (from, to) => new Uint8Array(await first.slice(from, to).arrayBuffer()) })
    const inside = zip.names.filter((path) => !/(^|\/)(__MACOSX|\.)|\/$/.test(path))
    const models = inside.filter((path) => /(^|\/)model\.json$|\.onnx$/i.test(path))
    if (models.length !== 1) throw new StudioError({ code: 'bad-data', message: `invalid zip; it must hold one model.json or one .onnx file: ${models.length} are in it` })
    const folder = (models[0] as string).replace(/[^/]*$/, '')
    parts.clear()
    for (const path of inside) if (path.replace(/[^/]*$/, '') === folder) parts.set(path.slice(folder.length), await zip.read(path))
  }
  const onnx = [...parts].find(([part]) => /\.onnx$/i.test(part))
  const json = [...parts].find(([part]) => /\.json$/i.test(part))
  name = name.replace(/\.(zip|onnx|json)$/i, '').slice(0, 80) || 'network'
  if (onnx) return { file: onnx[1], name }
  if (!json) throw new StudioError({ code: 'unsupported', message: `unsupported file; a network is an .onnx file, or the model.json of TensorFlow.js with its .bin files: ${first.name.slice(0, 80)}`, hint: 'Export it as ONNX first.' })
  return { file: onnxOfTfjs(new TextDecoder().decode(json[1]), parts), name }
}

export const backboneLook: TaskHandler<'backbone/look'> = async ({ files }) => {
  const { file, name } = await onnxFrom(files)
  return { name, offer: offerOf(file) }
}

export const backboneTry: TaskHandler<'backbone/try'> = async ({ files, declaration, datasetId, projectId, target }, host) => {
  const { store, context, openRunner = webRunner } = host
  const { file } = await onnxFrom(files)
  const runner = await openRunner(context)
  const admitted = await admitBackbone(file, declaration, runner)
  const { height, width } = declaration
  const form = { height, width, channels: 3 as const, crop: 'cover' as const, backbone: 'tried', size: admitted.size }
  const dataset = await loadDataset(store, datasetId)
  const column = dataset.columns.find(({ kind }) => kind === 'image') as TextColumn | undefined
  if (!column) throw new StudioError({ code: 'unsupported', message: 'missing pictures; the data has none' })
  const labels = target === null ? undefined : columnNamed(dataset, target)
  const known = Uint32Array.from({ length: dataset.rows }, (_, row) => row).filter((row) => isValid(column, row) && (!labels || isValid(labels, row)))
  const rows = shuffle(known, createRng(1).fork('network')).slice(0, tried)
  const embedder = await openEmbedder(context, runner, form, async () => admitted.file)
  const values = new Float32Array(rows.length * admitted.size)
  const shown: Float32Array[] = []
  let spent = 0
  try {
    for (const [i, row] of rows.entries()) {
      const blob = await pictureBlob(store, projectId, String(cellAt(column, row)))
      const pixels = resize(await pixelsOf(blob.bytes, blob.type, host), height, width, form.crop)
      if (shown.length < 4) shown.push(pixels)
      const from = context.now()
      values.set(await embedder.embed(pixels), i * admitted.size)
      spent += context.now() - from
      context.report({ kind: 'step', phase: 'Looking at pictures', done: i + 1, total: rows.length })
      await context.checkpoint()
    }
  } finally {
    await embedder.close()
  }
  if (!values.every(Number.isFinite)) throw new StudioError({ code: 'bad-data', message: 'invalid network; its answer to one of these pictures is no finite number' })
  const alike = labels && rows.length > 1 ? await nearestAlike(values, rows, (row) => String(cellAt(labels, row)), admitted.size, context) : null
  return { size: admitted.size, pictures: shown, looked: rows.length, milliseconds: rows.length > 0 ? spent / rows.length : 0, alike }
}

/** How often the picture that a network finds most alike is of the same class, and how often one drawn by chance is. */
async function nearestAlike(values: Float32Array, rows: Uint32Array, labelOf: (row: number) => string, width: number, context: Parameters<typeof nearest>[4]): Promise<{ readonly share: number; readonly chance: number }> {
  const points = unitRows({ values, rows: rows.length, width })
  const found = await nearest(points, points, 1, true, context)
  const labels = Array.from(rows, labelOf)
  const counts = new Map<string, number>()
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1)
  const same = labels.filter((label, i) => label === labels[found.rows[i] as number]).length
  return { share: same / rows.length, chance: [...counts.values()].reduce((sum, count) => sum + (count * (count - 1)) / (rows.length * (rows.length - 1)), 0) }
}

export const backboneBring: TaskHandler<'backbone/bring'> = async ({ projectId, token, files, declaration, name }, host) => {
  const { store, context, openRunner = webRunner } = host
  const { file } = await onnxFrom(files)
  const admitted = await admitBackbone(file, declaration, await openRunner(context))
  const facts = { hash: await sha256(admitted.file), name: name.trim().slice(0, 80) || 'network', height: declaration.height, width: declaration.width, size: admitted.size }
  // Who called it off while the file was read gets no network.
  await context.checkpoint()
  await saveBackbone(store, token, { ...facts, projectId, version: 1, file: admitted.file, addedAt: Date.now() })
  return facts
}

export const backboneRemove: TaskHandler<'backbone/remove'> = ({ projectId, token, hash }, { store }) => removeBackbone(store, projectId, token, hash)

export const backboneList: TaskHandler<'backbone/list'> = async ({ projectId }, { store }) => (await listBackbones(store, projectId)).map(({ hash, name, height, width, size }) => ({ hash, name, height, width, size }))
