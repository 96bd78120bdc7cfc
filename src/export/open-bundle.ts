/** A bundle's zip, opened as a stranger's file: every listed file is there with its SHA-256, and no other is. */
import type { GoldenRows } from '../core/bundle/golden.ts'
import type { Signature } from '../core/bundle/signature.ts'
import { StudioError } from '../core/errors.ts'
import { sha256 } from '../core/ids.ts'
import { check, parseJson, v } from '../core/schema.ts'
import { openZip } from '../core/zip.ts'
import type { RandomBytes } from '../core/zip.ts'

export interface OpenedBundle {
  /** Every file by name, manifest.json too. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>
  readonly signature: Signature
  readonly golden: GoldenRows
  readonly model: Uint8Array<ArrayBuffer>
}

const manifestSchema = v.looseObject({ version: v.literal(1), files: v.array(v.looseObject({ path: v.string(), sha256: v.string() })) })
const signatureSchema = v.looseObject({
  version: v.picklist([1, 2]),
  name: v.string(),
  task: v.picklist(['binary', 'multiclass', 'regression']),
  inputs: v.array(v.looseObject({ name: v.string(), tensor: v.picklist(['float', 'string', 'int64', 'uint8']) })),
  classes: v.array(v.string()),
  outputs: v.array(v.looseObject({ name: v.string() })),
})
const goldenSchema = v.looseObject({ version: v.literal(1), rows: v.array(v.array(v.unknown())), tolerance: v.number() })

const broken = (rule: string): StudioError => new StudioError({ code: 'bundle-mismatch', message: `invalid bundle; ${rule}` })

/** @throws StudioError bad-data or bundle-mismatch for what is no bundle, or was changed after its export, naming the file */
export async function openBundleZip(source: RandomBytes): Promise<OpenedBundle> {
  const zip = await openZip(source)
  if (!zip.has('manifest.json')) throw broken('it has no manifest.json, so it was not exported by Glasshouse')
  const json = async <T>(name: string, schema: v.GenericSchema<unknown, T>): Promise<T> => check(schema, parseJson(new TextDecoder().decode(await zip.read(name)), name), name)
  const manifest = await json('manifest.json', manifestSchema)
  const listed = new Set(manifest.files.map((entry) => entry.path))
  for (const needed of ['model.onnx', 'signature.json', 'golden.json']) if (!listed.has(needed)) throw broken(`manifest.json does not list ${needed}`)
  for (const name of zip.names) if (name !== 'manifest.json' && !listed.has(name)) throw broken(`manifest.json does not list what is in it: ${name.slice(0, 100)}`)
  const files = new Map<string, Uint8Array<ArrayBuffer>>([['manifest.json', await zip.read('manifest.json')]])
  for (const { path, sha256: wanted } of manifest.files) {
    if (!zip.has(path)) throw broken(`a listed file is missing: ${path.slice(0, 100)}`)
    const bytes = await zip.read(path)
    if ((await sha256(bytes)) !== wanted) throw broken(`a file is not the one that was exported, its SHA-256 differs: ${path.slice(0, 100)}`)
    files.set(path, bytes)
  }
  return {
    files,
    signature: (await json('signature.json', signatureSchema)) as unknown as Signature,
    golden: (await json('golden.json', goldenSchema)) as unknown as GoldenRows,
    model: files.get('model.onnx') as Uint8Array<ArrayBuffer>,
  }
}
