/** The whole project as one file to keep or to give away. */
import { writeProjectFile } from '../export/project-write.ts'
import { projectParts } from '../storage/project-parts.ts'
import type { TaskHandler } from './task.ts'

const fileNameOf = (name: string): string => `${name.normalize('NFKD').replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 60) || 'project'}.glasshouse.zip`

export const projectExport: TaskHandler<'project/export'> = async ({ projectId }, { store, context }) => {
  const parts = await projectParts(store, projectId)
  const zip = await writeProjectFile(parts, { checkpoint: () => context.checkpoint(), onProgress: (done, total) => context.report({ kind: 'step', phase: 'Packing', done, total }) })
  return { zip, fileName: fileNameOf(parts.project.name) }
}
