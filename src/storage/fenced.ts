/** One writer a project: every write carries the token its writer was given, and an older one is refused. */
import { StudioError } from '../core/errors.ts'
import type { Store, WriteTransaction } from './port.ts'
import type { ProjectRecord, StoreName } from './records.ts'

/**
 * A write that first reads the project's token again, in the same transaction.
 * @throws StudioError read-only where another tab took the project over since; bad-data where it is gone
 */
export function fencedWrite<T>(
  store: Store,
  projectId: string,
  token: number,
  stores: readonly StoreName[],
  body: (tx: WriteTransaction, project: ProjectRecord) => Promise<T>,
  durability?: 'strict' | 'relaxed',
): Promise<T> {
  const scope: readonly StoreName[] = stores.includes('projects') ? stores : ['projects', ...stores]
  return store.write(
    scope,
    async (tx) => {
      const project = await tx.get('projects', projectId)
      if (!project) throw missingProject(projectId)
      if (project.token !== token) {
        throw new StudioError({
          code: 'read-only',
          message: `unsupported change; another tab took this project over: token ${token}, now ${project.token}`,
          hint: 'What was saved before is safe. Take the project over again to go on here.',
          details: { token, current: project.token },
        })
      }
      return body(tx, project)
    },
    durability,
  )
}

export function missingProject(id: string): StudioError {
  return new StudioError({ code: 'bad-data', message: `missing project; it was deleted or never was on this device: ${id.slice(0, 80)}`, hint: 'Go back to the list of projects.' })
}
