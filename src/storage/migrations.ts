/**
 * How the database came to look as it does. Version n is reached by applying entries 1 to n in order, so
 * an entry never changes once released; store names and keys are for ever.
 */
import { keyPaths, ofProject, type StoreName } from './records.ts'

/** What a migration may do: the part of an upgrading IndexedDB connection that it needs. */
export interface Upgrading {
  createStore(name: string, keyPath: string | readonly string[]): { createIndex(name: string, keyPath: string): void }
}
export interface Migration {
  readonly version: number
  readonly what: string
  apply(db: Upgrading): void
}

export const projectIndex = 'byProject'

export const migrations: readonly Migration[] = [
  {
    version: 1,
    what: 'projects, datasets in chunks, profiles, runs with models, splits, predictions, explanations and checkpoints',
    apply(db) {
      for (const [name, keyPath] of Object.entries(keyPaths)) {
        const store = db.createStore(name, keyPath)
        if (ofProject.includes(name as StoreName)) store.createIndex(projectIndex, 'projectId')
      }
    },
  },
]
export const databaseVersion = migrations.length

/** Applies what a database of an older version lacks. */
export function migrate(db: Upgrading, from: number): void {
  for (const migration of migrations) if (migration.version > from) migration.apply(db)
}
