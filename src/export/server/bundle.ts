/** Reads the bundle beside the server and holds it against its manifest before anything is served. */
import { createHash } from 'node:crypto'
import { normalize } from 'node:path'
import type { GoldenRows } from '../../core/bundle/golden.ts'
import type { ReferenceProfile } from '../../core/bundle/reference.ts'
import type { Signature } from '../../core/bundle/signature.ts'
import { hasFile, programs, readFile } from './bundle-source.ts'

export interface Bundle {
  readonly model: Uint8Array
  readonly signature: Signature
  readonly golden: GoldenRows
  /** Absent in bundles made without one: there are no drift figures then. */
  readonly reference?: ReferenceProfile
  /** SHA-256 of manifest.json: what this bundle is. */
  readonly digest: string
}
interface Manifest {
  readonly version: number
  readonly files: readonly { readonly path: string; readonly sha256: string }[]
}
const needed = ['model.onnx', 'signature.json', 'golden.json', ...programs]
/** Not in every bundle; where the manifest lists it, the drift figures rest on it. */
const reference = 'reference.json'

/** The start is refused with exit code 78 (EX_CONFIG). */
export class BundleError extends Error {
  override readonly name = 'BundleError'
}

/** @throws BundleError naming the file that is missing, changed or of another version */
export function readBundle(folder: string): Bundle {
  const read = (path: string): Uint8Array => {
    try {
      return readFile(folder, path)
    } catch (cause) {
      throw new BundleError(`missing file of the bundle: ${path}`, { cause })
    }
  }
  const json = (path: string): unknown => {
    try {
      return JSON.parse(new TextDecoder().decode(read(path)))
    } catch (cause) {
      throw cause instanceof BundleError ? cause : new BundleError(`invalid file of the bundle; not JSON: ${path}`, { cause })
    }
  }
  const manifest = json('manifest.json') as Manifest
  if (manifest.version !== 1 || !Array.isArray(manifest.files)) throw new BundleError('unsupported manifest.json; its version must be 1')
  const listed = new Set(manifest.files.map((file) => file.path))
  for (const path of needed) if (!listed.has(path)) throw new BundleError(`invalid manifest.json; it does not list ${path}`)
  for (const { path, sha256 } of manifest.files) {
    if (normalize(path) !== path || path.startsWith('/') || path.startsWith('..')) throw new BundleError(`invalid manifest.json; a path outside the bundle: ${path}`)
    // An image may leave the card and the read-me out; what is there must be what was exported.
    if (!needed.includes(path) && path !== reference && !hasFile(folder, path)) continue
    const found = createHash('sha256').update(read(path)).digest('hex')
    if (found !== sha256) throw new BundleError(`invalid file of the bundle; ${path} must have SHA-256 ${sha256}: ${found}`)
  }
  const signature = json('signature.json') as Signature
  const golden = json('golden.json') as GoldenRows
  if ((signature.version !== 1 && signature.version !== 2) || golden.version !== 1) throw new BundleError('unsupported bundle; signature.json must be of version 1 or 2, golden.json of version 1')
  const digest = createHash('sha256').update(read('manifest.json')).digest('hex')
  return { model: read('model.onnx'), signature, golden, digest, ...(listed.has(reference) ? { reference: json(reference) as ReferenceProfile } : {}) }
}
