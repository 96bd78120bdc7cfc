/** A project file becomes a project of its own: all of it or nothing. */
import { StudioError } from '../core/errors.ts'
import type { RandomBytes } from '../core/zip.ts'
import { readProjectFile } from '../export/project-file.ts'
import { adoptProject } from '../storage/adopt-project.ts'
import type { TaskHandler } from './task.ts'

/** A file that changes or vanishes while it is read is a refusal, not a defect. */
export const randomBytesOf = (file: Blob): RandomBytes => ({
  size: file.size,
  async read(from, to) {
    try {
      return new Uint8Array(await file.slice(from, to).arrayBuffer())
    } catch (cause) {
      throw new StudioError({ code: 'bad-data', message: 'missing file; it was changed or removed while it was read', hint: 'Choose the file again.', cause })
    }
  },
})

export const projectImport: TaskHandler<'project/import'> = async ({ file }, { store, context }) => {
  const checkpoint = () => context.checkpoint()
  const parts = await readProjectFile(randomBytesOf(file), { checkpoint, onProgress: (done, total) => context.report({ kind: 'step', phase: 'Checking', done, total }) })
  context.report({ kind: 'step', phase: 'Storing', done: 0, total: 1 })
  const projectId = await adoptProject(store, parts, { checkpoint })
  context.report({ kind: 'step', phase: 'Storing', done: 1, total: 1 })
  return { projectId }
}
