/** The data sets that come with the studio, as public/samples/index.json describes them. */
import type { IngestSource, PictureFile } from '../jobs/protocol.ts'

export interface Sample {
  readonly id: string
  readonly title: string
  readonly file: string
  /** Pictures in a zip, a folder a class; `columns` is then the number of classes. Absent: a table. */
  readonly kind?: 'pictures'
  readonly rows: number
  readonly columns: number
  readonly target: string
  /** What one can try to predict, as a sentence. */
  readonly task: string
  readonly description: string
  readonly licence: string
  readonly source: string
  readonly url: string
  readonly knownBiases: string
}

let list: Promise<readonly Sample[]> | undefined

/** @throws TypeError where the list cannot be fetched; the next call tries again */
export function samples(): Promise<readonly Sample[]> {
  list ??= fetch('./samples/index.json').then((answer) => {
    if (!answer.ok) throw new TypeError(`missing samples; the server answered ${answer.status}`)
    return answer.json() as Promise<readonly Sample[]>
  })
  list.catch(() => (list = undefined))
  return list
}

/** The zip of a sample of pictures. @throws TypeError where it cannot be fetched */
export async function picturesOf(sample: Sample): Promise<PictureFile[]> {
  const answer = await fetch(new URL(`samples/${sample.file}`, document.baseURI))
  if (!answer.ok) throw new TypeError(`missing sample; the server answered ${answer.status}`)
  return [{ file: await answer.blob(), path: sample.file }]
}

export const sourceOf = (sample: Sample): IngestSource => ({
  kind: 'sample',
  id: sample.id,
  url: new URL(`samples/${sample.file}`, document.baseURI).href,
  fileName: sample.file,
  licence: sample.licence,
  origin: sample.url,
})
