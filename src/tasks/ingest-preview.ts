import { previewTable } from '../core/ingest/preview.ts'
import { watch } from '../core/ingest/source.ts'
import { openIngestSource } from './ingest-source.ts'
import type { TaskHandler } from './task.ts'

/** Reads the first megabyte only, and keeps nothing. */
export const ingestPreview: TaskHandler<'ingest/preview'> = async ({ source, choices }) => {
  const { bytes } = await openIngestSource(source)
  return previewTable(watch(bytes, 0), choices)
}
