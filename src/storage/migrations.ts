/**
 * How the database came to look as it does. Version n is reached by applying entries 1 to n in order, so
 * an entry never changes once released; store names and keys are for ever.
 */
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
      const indexed = (name: string, keyPath: string | readonly string[]): void => db.createStore(name, keyPath).createIndex(projectIndex, 'projectId')
      db.createStore('projects', 'id')
      indexed('datasets', 'id')
      db.createStore('chunks', ['datasetId', 'sequence'])
      indexed('profiles', 'datasetId')
      indexed('runs', 'id')
      indexed('models', 'runId')
      indexed('splits', 'runId')
      indexed('predictions', ['runId', 'part'])
      indexed('explanations', ['runId', 'key'])
      indexed('checkpoints', 'runId')
    },
  },
  {
    version: 2,
    what: 'pictures, their files and thumbnails',
    apply(db) {
      db.createStore('pictures', 'id').createIndex(projectIndex, 'projectId')
      db.createStore('pictureBlobs', ['projectId', 'hash'])
      db.createStore('thumbnails', ['projectId', 'hash'])
    },
  },
  {
    version: 3,
    what: 'searches for parameters with their trials',
    apply(db) {
      db.createStore('searches', 'id').createIndex(projectIndex, 'projectId')
    },
  },
  {
    version: 4,
    what: 'what unfinished runs have yielded so far',
    apply(db) {
      db.createStore('checkpointParts', ['runId', 'sequence'])
    },
  },
  {
    version: 5,
    what: 'trainings and searches that wait in the queue',
    apply(db) {
      db.createStore('waiting', 'id').createIndex(projectIndex, 'projectId')
    },
  },
  {
    version: 6,
    what: 'networks for pictures that were brought in',
    apply(db) {
      db.createStore('backbones', ['projectId', 'hash'])
    },
  },
]
export const databaseVersion = migrations.length

/** Applies what a database of an older version lacks. */
export function migrate(db: Upgrading, from: number): void {
  for (const migration of migrations) if (migration.version > from) migration.apply(db)
}
