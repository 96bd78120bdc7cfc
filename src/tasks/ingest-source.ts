/** What the page hands over (a file, pasted text, a sample's address) as bytes to read. */
import { StudioError } from '../core/errors.ts'
import type { Source } from '../core/data/dataset.ts'
import { bytesSource, type ByteSource } from '../core/ingest/source.ts'
import type { IngestSource } from '../jobs/protocol.ts'

export interface OpenSource {
  readonly bytes: ByteSource
  readonly kind: Source['kind']
  readonly fileName: string
  /** Where the data come from, not where these bytes were fetched. */
  readonly url?: string
  readonly licence?: string
}

export const fileSource = (file: Blob): ByteSource => ({ size: file.size, read: async (from, to) => new Uint8Array(await file.slice(from, to).arrayBuffer()) })

/** @throws StudioError storage-lost where a sample cannot be fetched */
export async function openIngestSource(source: IngestSource): Promise<OpenSource> {
  if (source.kind === 'file') return { bytes: fileSource(source.file), kind: 'file', fileName: source.file.name }
  if (source.kind === 'paste') return { bytes: bytesSource(new TextEncoder().encode(source.text)), kind: 'paste', fileName: 'pasted text' }
  const response = await fetch(source.url)
  if (!response.ok) {
    throw new StudioError({
      code: 'bad-data',
      message: `missing sample; this site does not answer with it (status ${response.status}): ${source.id}`,
      hint: 'Open the app once while its server can be reached.',
    })
  }
  return { bytes: bytesSource(new Uint8Array(await response.arrayBuffer())), kind: 'sample', fileName: source.fileName, ...(source.origin === undefined ? {} : { url: source.origin }), ...(source.licence === undefined ? {} : { licence: source.licence }) }
}
