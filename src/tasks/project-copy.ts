/** A project under another name, with its data, runs and models. */
import { adoptProject } from '../storage/adopt-project.ts'
import { projectParts } from '../storage/project-parts.ts'
import type { TaskHandler } from './task.ts'

export const projectCopy: TaskHandler<'project/copy'> = async ({ projectId, name }, { store, context }) => {
  const parts = await projectParts(store, projectId)
  return { projectId: await adoptProject(store, parts, { name, checkpoint: () => context.checkpoint() }) }
}
