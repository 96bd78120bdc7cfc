/** A project from a file. Reading one is reading a stranger's file: every part is checked before anything is stored. */
import type { Column } from '../core/data/column.ts'
import type { Profile } from '../core/data/profile.ts'
import { StudioError } from '../core/errors.ts'
import type { TypedArray } from '../core/estimators/estimator.ts'
import { sha256 } from '../core/ids.ts'
import { checkKept } from '../core/images/backbone/own.ts'
import { readHeader } from '../core/images/header.ts'
import { check, parseJson, v } from '../core/schema.ts'
import { openZip, zipLimits, type RandomBytes, type ZipReader } from '../core/zip.ts'
import type { PictureFiles, ProjectParts, RowGroup } from '../storage/adopt-project.ts'
import { byteSize } from '../storage/bytes.ts'
import type { BackboneRecord, DatasetRecord, ExplanationRecord, ModelRecord, PictureRecord, PredictionRecord, ProjectRecord, RunRecord, SearchRecord, SplitRecord, StoreName } from '../storage/records.ts'
import { chunksFrom } from '../storage/save-dataset.ts'
import { recordProblem } from '../storage/schemas.ts'
import { arrayOf, fromPlainRecord } from './plain-record.ts'
import { type FileOptions, formatVersion, manifestSchema, projectFormat, thumbnailIndex } from './project-format.ts'

const notOurs = (reason: string, hint: string): StudioError => new StudioError({ code: 'bad-data', message: `invalid project file; ${reason}`, hint })

interface Reader {
  has(path: string): boolean
  json(path: string): Promise<unknown>
  record(path: string): Promise<unknown>
  bytes(path: string): Promise<Uint8Array<ArrayBuffer>>
  names: readonly string[]
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
function decode(bytes: Uint8Array, path: string): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw new StudioError({ code: 'bad-data', message: `invalid project file; not UTF-8 text: ${path.slice(0, 200)}`, cause })
  }
}

async function openProject(zip: ZipReader): Promise<Reader> {
  if (!zip.has('manifest.json')) throw notOurs('it has no manifest.json, so the studio did not write it', 'Choose a file that was made with “Download project”.')
  const raw = parseJson(decode(await zip.read('manifest.json'), 'manifest.json'), 'project file: manifest.json')
  if ((raw as { format?: unknown } | null)?.format !== projectFormat) throw notOurs('its manifest is not of a project of this studio', 'Choose a file that was made with “Download project”.')
  const version = (raw as { version?: unknown }).version
  if (typeof version === 'number' && version > formatVersion) {
    throw new StudioError({ code: 'unsupported', message: `unsupported project file; a newer studio wrote it: version ${version}, this one reads ${formatVersion}`, hint: 'Reload to get the newer studio.' })
  }
  const manifest = check(manifestSchema, raw, 'project file: manifest.json')
  const parts = new Map(manifest.parts.map((part) => [part.path, part]))
  if (parts.size !== manifest.parts.length) throw notOurs('its manifest names a part twice', 'Download the project again.')
  const missing = manifest.parts.find((part) => !zip.has(part.path))
  if (missing) throw notOurs(`a part that its manifest names is missing: ${missing.path.slice(0, 200)}`, 'Download the project again.')
  const extra = zip.names.find((name) => name !== 'manifest.json' && !parts.has(name))
  if (extra !== undefined) throw notOurs(`it holds a part that its manifest does not name: ${extra.slice(0, 200)}`, 'Download the project again.')

  const bytes = async (path: string): Promise<Uint8Array<ArrayBuffer>> => {
    const part = parts.get(path)
    if (!part) throw notOurs(`a part is missing: ${path.slice(0, 200)}`, 'Download the project again.')
    const content = await zip.read(path)
    if (content.length !== part.bytes || (await sha256(content)) !== part.sha256) throw notOurs(`a part was changed since it was written: ${path.slice(0, 200)}`, 'Download the project again.')
    return content
  }
  const json = async (path: string): Promise<unknown> => parseJson(decode(await bytes(path), path), `project file: ${path}`)
  return {
    names: zip.names,
    has: (path) => parts.has(path),
    bytes,
    json,
    async record(path) {
      const plain = await json(path)
      const wanted: string[] = []
      fromPlainRecord(plain, (name) => (wanted.push(name), new Uint8Array()))
      const arrays = new Map<string, TypedArray>()
      for (const name of new Set(wanted)) arrays.set(name, arrayOf(name, await bytes(name)))
      return fromPlainRecord(plain, (name) => arrays.get(name) as TypedArray)
    },
  }
}

function checked<T>(store: StoreName, record: unknown, path: string): T {
  const problem = recordProblem(store, record)
  if (problem !== undefined) throw notOurs(`${path.slice(0, 200)}: ${problem}`, 'Download the project again.')
  return record as T
}

/** The numbered folders or files below a path, in order. */
function numbered(names: readonly string[], pattern: RegExp): number[] {
  const found = new Set<number>()
  for (const name of names) {
    const match = pattern.exec(name)
    if (match) found.add(Number(match[1]))
  }
  return [...found].sort((a, b) => a - b)
}

async function readColumns(reader: Reader, folder: string, record: DatasetRecord): Promise<Column[]> {
  const rows = record.rowsCommitted
  const columns: Column[] = []
  for (const [at, info] of record.columns.entries()) {
    const path = `${folder}/columns/${at}`
    const refuse = (reason: string): StudioError => notOurs(`${path}: ${reason}`, 'Download the project again.')
    const validity = await reader.bytes(`${path}.validity.u8`)
    if (validity.length !== (rows + 7) >> 3) throw refuse(`${(rows + 7) >> 3} bytes of validity expected`)
    const ending = { numeric: 'f64', datetime: 'f64', categorical: 'i32', boolean: 'u8', text: 'u8', id: 'u8', image: 'u8' }[info.kind]
    const values = arrayOf(`${path}.values.${ending}`, await reader.bytes(`${path}.values.${ending}`))
    const base = { name: info.name, length: rows, validity }
    if (info.kind === 'text' || info.kind === 'id' || info.kind === 'image') {
      const offsets = arrayOf(`${path}.offsets.u32`, await reader.bytes(`${path}.offsets.u32`)) as Uint32Array
      if (offsets.length !== rows + 1 || offsets[0] !== 0 || offsets[rows] !== values.length || offsets.some((offset, i) => i > 0 && offset < (offsets[i - 1] as number))) throw refuse(`${rows + 1} rising offsets expected`)
      columns.push({ ...base, kind: info.kind, bytes: values as Uint8Array, offsets })
      continue
    }
    if (values.length !== rows) throw refuse(`${rows} values expected, received ${values.length}`)
    if (info.kind === 'categorical') {
      const dictionary = check(v.array(v.string()), await reader.json(`${path}.dictionary.json`), `project file: ${path}.dictionary.json`)
      const codes = values as Int32Array
      if (codes.some((code) => code < -1 || code >= dictionary.length)) throw refuse(`codes below ${dictionary.length} expected`)
      columns.push({ ...base, kind: 'categorical', codes, dictionary })
    } else if (info.kind === 'boolean') columns.push({ ...base, kind: 'boolean', values: values as Uint8Array, labels: [info.categories?.[0] ?? 'false', info.categories?.[1] ?? 'true'] })
    else if (info.kind === 'datetime') columns.push({ ...base, kind: 'datetime', seconds: values as Float64Array, layout: info.layout ?? 'epoch-seconds' })
    else columns.push({ ...base, kind: 'numeric', values: values as Float64Array, integer: info.integer ?? false, ...(info.layout === undefined ? {} : { layout: info.layout }) })
  }
  return columns
}

/** Every file is read once to be checked and once more to be stored: together they may be more than memory holds. */
async function readPictures(reader: Reader, checkpoint: () => Promise<void>): Promise<NonNullable<ProjectParts['pictures']>> {
  const refuse = (path: string, reason: string): StudioError => notOurs(`${path.slice(0, 200)}: ${reason}`, 'Download the project again.')
  const records = check(v.array(v.unknown()), await reader.json('pictures/pictures.json'), 'project file: pictures/pictures.json').map((record, i) => checked<PictureRecord>('pictures', record, `pictures/pictures.json, picture ${i + 1}`))
  const index = new Map(check(thumbnailIndex, await reader.json('pictures/thumbnails.json'), 'project file: pictures/thumbnails.json').map((entry) => [entry.hash, entry]))
  const small = await reader.bytes('pictures/thumbnails.u8')
  const paths = new Map<string, string>()
  for (const path of reader.names) {
    const hash = /^pictures\/files\/([0-9a-f]{64})\.(jpeg|png|webp|gif)$/.exec(path)?.[1]
    if (hash) paths.set(hash, path)
  }
  const one = async (hash: string, path: string): Promise<PictureFiles> => {
    await checkpoint()
    const bytes = await reader.bytes(path)
    if ((await sha256(bytes)) !== hash) throw refuse(path, 'a file named by the SHA-256 of its bytes expected')
    const { type } = readHeader(bytes)
    const entry = index.get(hash)
    if (entry && (entry.from > entry.to || entry.to > small.length)) throw refuse('pictures/thumbnails.json', `a place within ${small.length} bytes expected`)
    return { blob: { projectId: '', hash, type, bytes }, thumbnail: entry && { projectId: '', hash, type: entry.type, bytes: small.slice(entry.from, entry.to) } }
  }
  for (const [hash, path] of paths) await one(hash, path)
  const lost = records.find((record) => !paths.has(record.hash))
  if (lost) throw refuse('pictures/pictures.json', `the file of a picture is missing: ${lost.file}`)
  async function* files() {
    for (const [hash, path] of paths) yield await one(hash, path)
  }
  return { records, files }
}

/** Everything is read and checked before this resolves, so that what follows can only fail in storage. @throws StudioError bad-data, unsupported, cancelled */
export async function readProjectFile(source: RandomBytes, { checkpoint, onProgress }: FileOptions): Promise<ProjectParts> {
  // A picture is an entry each.
  const reader = await openProject(await openZip(source, { ...zipLimits, entries: 65_000 }))
  const project = checked<ProjectRecord>('projects', await reader.json('project.json'), 'project.json')
  const dataFolders = numbered(reader.names, /^datasets\/(\d{1,6})\/dataset\.json$/)
  const runFolders = numbered(reader.names, /^runs\/(\d{1,6})\/run\.json$/)
  const total = dataFolders.length + runFolders.length
  let done = 0
  const datasets: { record: DatasetRecord; profile: Profile | undefined; rowGroups(): Iterable<RowGroup> }[] = []
  for (const index of dataFolders) {
    await checkpoint()
    const folder = `datasets/${index}`
    const record = checked<DatasetRecord>('datasets', await reader.json(`${folder}/dataset.json`), `${folder}/dataset.json`)
    if (record.state !== 'complete') throw notOurs(`${folder}: a complete dataset expected`, 'Download the project again.')
    const profile = reader.has(`${folder}/profile.json`) ? ((await reader.json(`${folder}/profile.json`)) as Profile) : undefined
    if (profile) checked('profiles', { datasetId: record.id, projectId: record.projectId, profile }, `${folder}/profile.json`)
    const columns = await readColumns(reader, folder, record)
    datasets.push({ record: { ...record, bytesStored: byteSize(columns) }, profile, rowGroups: () => chunksFrom(columns, record.rowsCommitted) })
    onProgress?.(++done, total)
  }
  const runs: ProjectParts['runs'][number][] = []
  for (const index of runFolders) {
    await checkpoint()
    const folder = `runs/${index}`
    const one = async <T>(store: StoreName, path: string): Promise<T> => checked<T>(store, await reader.record(path), path)
    const some = async <T>(store: StoreName, sub: string): Promise<T[]> => {
      const list: T[] = []
      for (const at of numbered(reader.names, new RegExp(`^${folder}/${sub}/(\\d{1,6})\\.json$`))) list.push(await one<T>(store, `${folder}/${sub}/${at}.json`))
      return list
    }
    runs.push({
      record: await one<RunRecord>('runs', `${folder}/run.json`),
      model: reader.has(`${folder}/model.json`) ? await one<ModelRecord>('models', `${folder}/model.json`) : undefined,
      split: reader.has(`${folder}/split.json`) ? await one<SplitRecord>('splits', `${folder}/split.json`) : undefined,
      predictions: await some<PredictionRecord>('predictions', 'predictions'),
      explanations: await some<ExplanationRecord>('explanations', 'explanations'),
    })
    onProgress?.(++done, total)
  }
  const searches: SearchRecord[] = []
  for (const index of numbered(reader.names, /^searches\/(\d{1,6})\.json$/)) {
    await checkpoint()
    searches.push(checked<SearchRecord>('searches', await reader.json(`searches/${index}.json`), `searches/${index}.json`))
  }
  const backbones: BackboneRecord[] = []
  for (const index of numbered(reader.names, /^networks\/(\d{1,6})\.json$/)) {
    await checkpoint()
    const path = `networks/${index}.json`
    const backbone = checked<BackboneRecord>('backbones', await reader.record(path), path)
    if ((await sha256(backbone.file)) !== backbone.hash) throw notOurs(`${path}: a network named by the SHA-256 of its file expected`, 'Download the project again.')
    checkKept(backbone.file, backbone)
    backbones.push(backbone)
  }
  const pictures = reader.has('pictures/pictures.json') ? await readPictures(reader, checkpoint) : undefined
  return { project, datasets, runs, searches, backbones, ...(pictures ? { pictures } : {}) }
}
