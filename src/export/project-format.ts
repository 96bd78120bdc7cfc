/**
 * A project as a plain zip: a manifest with the SHA-256 of each part, JSON for records, one raw file for
 * each array. What its writer and its reader agree on.
 */
import { v } from '../core/schema.ts'

export const projectFormat = 'glasshouse-project'
/** 2: with searches. 3: with networks that were brought in. Older files have none, and are read as they are. */
export const formatVersion = 3

export const manifestSchema = v.strictObject({
  format: v.literal(projectFormat),
  version: v.picklist([1, 2, formatVersion]),
  name: v.string(),
  parts: v.array(v.strictObject({ path: v.string(), bytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)), sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)) })),
  leftOut: v.array(v.strictObject({ what: v.string(), reason: v.string() })),
})

const offset = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
export const thumbnailIndex = v.array(v.strictObject({ hash: v.string(), type: v.string(), from: offset, to: offset }))

export interface FileOptions {
  readonly checkpoint: () => Promise<void>
  readonly onProgress?: (done: number, total: number) => void
}
