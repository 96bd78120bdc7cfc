/** A run's spec on a folder of pictures, row by row as the run had them: what the code twin in TypeScript calls. */
import { columnFrom } from '../core/data/column.ts'
import { profileOf } from '../core/data/profile-of.ts'
import { StudioError } from '../core/errors.ts'
import { sha256 } from '../core/ids.ts'
import { createProject, takeOver } from '../storage/projects.ts'
import { saveDataset } from '../storage/save-dataset.ts'
import { picturesAdd } from '../tasks/pictures-add.ts'
import type { Host } from '../tasks/task.ts'
import { pictureFiles } from './open-picture.ts'
import { withNetwork } from './network.ts'
import type { AgainRequest, Here } from './train-again.ts'
import { trainOn } from './train-again.ts'
import type { Trained } from './train-file.ts'

export interface PictureRows {
  /** With the files, under any name. */
  readonly folder: string
  /** Column of pictures. */
  readonly column: string
  /** Of the file of each row. */
  readonly sha256: readonly string[]
  /** Class of each row; null = none. */
  readonly targets: readonly (string | null)[]
  /** The column that the split goes by, where that is another: such as one that has the same word in all copies. */
  readonly dealtBy?: { readonly column: string; readonly values: readonly (string | null)[] }
}

/** @param network path of a bundle's graph, where the pictures are seen through one that was brought in. @throws StudioError bad-data naming the first picture that is not there, and all that training throws */
export async function trainAgainOnPictures(pictures: PictureRows, { spec, threshold, network }: Pick<AgainRequest, 'spec' | 'threshold'> & { readonly network?: string | undefined }, host: Host): Promise<Trained> {
  const { dataset, ...place } = await picturesHere(pictures, spec.target.column, host)
  return trainOn(dataset, { ...place, spec: network === undefined ? spec : await withNetwork(network, spec, place, host), threshold }, host)
}

/** Pictures as the only dataset of a project of their own. */
export async function picturesHere(pictures: PictureRows, target: string, host: Host): Promise<Here> {
  const wanted = new Set(pictures.sha256)
  const files = []
  for (const entry of await pictureFiles([pictures.folder])) {
    if (wanted.delete(await sha256(new Uint8Array(await entry.file.arrayBuffer())))) files.push(entry)
  }
  const [gone] = wanted
  if (gone !== undefined) throw new StudioError({ code: 'bad-data', message: `missing pictures; ${wanted.size} of this run are not in ${pictures.folder}: the first has the SHA-256 ${gone}` })
  const name = 'Pictures'
  const { id: projectId } = await createProject(host.store, name)
  const token = await takeOver(host.store, projectId)
  const { skipped } = await picturesAdd({ projectId, token, files, source: 'file' }, host)
  if (skipped[0]) throw new StudioError({ code: 'bad-data', message: `invalid picture; it cannot be opened here: ${skipped[0].file}: ${skipped[0].reason}` })
  const columns = [
    columnFrom(pictures.column, 'image', pictures.sha256),
    columnFrom(target, 'categorical', pictures.targets),
    ...(pictures.dealtBy ? [columnFrom(pictures.dealtBy.column, 'id', pictures.dealtBy.values)] : []),
  ]
  const rows = pictures.sha256.length
  const { profile, hash } = await profileOf(columns, rows)
  const source = { kind: 'derived', fileName: 'pictures', bytes: 0, sha256: hash } as const
  const dataset = await saveDataset(host.store, { id: hash, name, rows, columns, source }, { projectId, token, profile, checkpoint: () => host.context.checkpoint() })
  return { dataset, projectId, token }
}
