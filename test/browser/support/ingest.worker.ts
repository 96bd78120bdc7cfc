/**
 * The tasks of data in one worker, imported at once: the test runner's rewriting of dynamic imports does
 * not work in workers. The real entries are run by the end-to-end tests.
 */
import { serveTasks } from '../../../workers/serve-tasks.ts'
import { dataRekind } from '../../../src/tasks/data-rekind.ts'
import { dataRows } from '../../../src/tasks/data-rows.ts'
import { ingestCommit } from '../../../src/tasks/ingest-commit.ts'
import { ingestPreview } from '../../../src/tasks/ingest-preview.ts'

serveTasks({
  'ingest/preview': async () => ingestPreview,
  'ingest/commit': async () => ingestCommit,
  'data/rekind': async () => dataRekind,
  'data/rows': async () => dataRows,
})
