/** The data sets that come with the studio, as public/samples/index.json describes them. */
import type { IngestSource } from '../jobs/protocol.ts'

export interface Sample {
  readonly id: string
  readonly title: string
  readonly file: string
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

export const sourceOf = (sample: Sample): IngestSource => ({
  kind: 'sample',
  id: sample.id,
  url: new URL(`samples/${sample.file}`, document.baseURI).href,
  fileName: sample.file,
  licence: sample.licence,
  origin: sample.url,
})
