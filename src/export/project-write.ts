/** A project's records, pictures and arrays into a file. */
import type { Column } from '../core/data/column.ts'
import { StudioError } from '../core/errors.ts'
import { sha256 } from '../core/ids.ts'
import type { v } from '../core/schema.ts'
import { createZipWriter } from '../core/zip.ts'
import type { ProjectParts, RowGroup } from '../storage/adopt-project.ts'
import { startColumn } from '../storage/columns.ts'
import type { DatasetRecord } from '../storage/records.ts'
import { bytesOfArray, endingOf, toPlainRecord } from './plain-record.ts'
import { type FileOptions, formatVersion, type manifestSchema, projectFormat, type thumbnailIndex } from './project-format.ts'

const readme = `A project of Glasshouse.

manifest.json        what is in here, with the SHA-256 of each part
project.json         decisions, slices
datasets/N/          dataset.json and profile.json; columns/I.* are the values of column I:
                     .values.f64 (numbers; for a datetime UTC seconds), .values.i32 (index into .dictionary.json, -1 = missing),
                     .values.u8 (0 and 1, or UTF-8 text end to end), .offsets.u32 (where each text starts), and
                     .validity.u8: bit i, lowest first, is 1 where row i has a value
runs/N/              run.json, and model, split, predictions and explanations with their arrays
                     {"$array": path} in JSON stands for the array in that file
searches/N.json      a search for settings, with every trial
networks/N.json      a network for pictures that was brought in; its file is ONNX
pictures/            pictures.json: labels and facts; files/ named by the SHA-256 of their bytes; thumbnails.json says
                     where in thumbnails.u8 each small version lies

All arrays are raw and little-endian: f64 is numpy's '<f8', i32 '<i4', u32 '<u4', u8 'u1'.
`

interface FileColumn {
  readonly name: string
  readonly values: Float64Array | Int32Array | Uint8Array
  readonly offsets?: Uint32Array
  readonly dictionary?: readonly string[]
}
function fileColumn(column: Column): FileColumn {
  switch (column.kind) {
    case 'numeric':
    case 'boolean':
      return { name: column.name, values: column.values }
    case 'datetime':
      return { name: column.name, values: column.seconds }
    case 'categorical':
      return { name: column.name, values: column.codes, dictionary: column.dictionary }
    case 'text':
    case 'id':
    case 'image':
      return { name: column.name, values: column.bytes, offsets: column.offsets }
  }
}

async function wholeColumns(record: DatasetRecord, groups: AsyncIterable<RowGroup> | Iterable<RowGroup>, checkpoint: () => Promise<void>): Promise<Column[]> {
  const builders = record.columns.map((info) => startColumn(info, record.rowsCommitted))
  for await (const { firstRow, rows, columns } of groups) {
    await checkpoint()
    builders.forEach((builder, index) => builder.add(columns[index] as RowGroup['columns'][number], firstRow, rows))
  }
  return builders.map((builder) => builder.end())
}

/** Damaged datasets are left out, and the manifest says so. @throws StudioError cancelled, storage-lost */
export async function writeProjectFile(parts: ProjectParts, { checkpoint, onProgress }: FileOptions): Promise<Uint8Array<ArrayBuffer>> {
  const writer = createZipWriter()
  const listed: { path: string; bytes: number; sha256: string }[] = []
  const leftOut: { what: string; reason: string }[] = []
  const add = async (path: string, bytes: Uint8Array, store = false): Promise<void> => {
    await checkpoint()
    writer.add({ name: path, bytes, store })
    listed.push({ path, bytes: bytes.length, sha256: await sha256(bytes as Uint8Array<ArrayBuffer>) })
  }
  const addJson = (path: string, value: unknown): Promise<void> => add(path, new TextEncoder().encode(`${JSON.stringify(value, null, 1)}\n`))
  const addRecord = async (folder: string, name: string, record: unknown): Promise<void> => {
    const arrays: { path: string; array: ArrayBufferView }[] = []
    const plain = toPlainRecord(record, (array) => {
      const path = `${folder}/${name}.${arrays.length}.${endingOf(array)}`
      arrays.push({ path, array })
      return path
    })
    await addJson(`${folder}/${name}.json`, plain)
    for (const { path, array } of arrays) await add(path, bytesOfArray(array))
  }

  const total = parts.datasets.length + parts.runs.length + 1
  let done = 0
  const step = (): void => onProgress?.(++done, total)

  await add('README.txt', new TextEncoder().encode(readme))
  await addJson('project.json', parts.project)
  step()
  for (const [index, { record, profile, rowGroups }] of parts.datasets.entries()) {
    const folder = `datasets/${index}`
    try {
      const columns = await wholeColumns(record, rowGroups(), checkpoint)
      await addJson(`${folder}/dataset.json`, record)
      if (profile) await addJson(`${folder}/profile.json`, profile)
      for (const [at, column] of columns.entries()) {
        const { values, offsets, dictionary } = fileColumn(column)
        await add(`${folder}/columns/${at}.validity.u8`, column.validity)
        await add(`${folder}/columns/${at}.values.${endingOf(values)}`, bytesOfArray(values))
        if (offsets) await add(`${folder}/columns/${at}.offsets.u32`, bytesOfArray(offsets))
        if (dictionary) await addJson(`${folder}/columns/${at}.dictionary.json`, dictionary)
      }
    } catch (error) {
      if (!(error instanceof StudioError) || error.code !== 'bad-data') throw error
      leftOut.push({ what: `dataset ${record.name}`, reason: error.message })
    }
    step()
  }
  for (const [index, { record, model, split, predictions, explanations }] of parts.runs.entries()) {
    const folder = `runs/${index}`
    await addRecord(folder, 'run', record)
    if (model) await addRecord(folder, 'model', model)
    if (split) await addRecord(folder, 'split', split)
    for (const [at, prediction] of predictions.entries()) await addRecord(`${folder}/predictions`, String(at), prediction)
    for (const [at, explanation] of explanations.entries()) await addRecord(`${folder}/explanations`, String(at), explanation)
    step()
  }
  for (const [index, search] of parts.searches.entries()) await addJson(`searches/${index}.json`, search)
  for (const [index, backbone] of parts.backbones.entries()) await addRecord('networks', String(index), backbone)
  if (parts.pictures) {
    const small: Uint8Array[] = []
    const index: v.InferOutput<typeof thumbnailIndex> = []
    let at = 0
    for await (const { blob, thumbnail } of parts.pictures.files()) {
      await add(`pictures/files/${blob.hash}.${blob.type.slice(6)}`, blob.bytes, true)
      if (!thumbnail) continue
      index.push({ hash: blob.hash, type: thumbnail.type, from: at, to: at + thumbnail.bytes.length })
      small.push(thumbnail.bytes)
      at += thumbnail.bytes.length
    }
    const all = new Uint8Array(at)
    small.forEach((bytes, i) => all.set(bytes, index[i]?.from))
    await add('pictures/thumbnails.u8', all, true)
    await addJson('pictures/thumbnails.json', index)
    await addJson('pictures/pictures.json', parts.pictures.records)
  }
  const manifest: v.InferOutput<typeof manifestSchema> = { format: projectFormat, version: formatVersion, name: parts.project.name, parts: listed, leftOut }
  writer.add({ name: 'manifest.json', bytes: new TextEncoder().encode(`${JSON.stringify(manifest, null, 1)}\n`) })
  return writer.end()
}
