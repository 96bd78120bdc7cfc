/** Thumbnails on screen as object URLs: read in batches, kept while they are likely to be seen again, given back after. */
import type { Store } from '../storage/port.ts'
import { thumbnails } from '../storage/pictures.ts'

const kept = 1500

export class Thumbnails {
  readonly #store: Store
  readonly #projectId: string
  /** In order of last use. */
  readonly #urls = new Map<string, Promise<string | undefined>>()
  #wanted = new Map<string, (url: string | undefined) => void>()

  constructor(store: Store, projectId: string) {
    this.#store = store
    this.#projectId = projectId
  }

  /** An address for an <img>; undefined where there is no thumbnail. */
  get(hash: string): Promise<string | undefined> {
    const known = this.#urls.get(hash)
    if (known) {
      this.#urls.delete(hash)
      this.#urls.set(hash, known)
      return known
    }
    const asked = new Promise<string | undefined>((resolve) => {
      if (this.#wanted.size === 0) queueMicrotask(() => void this.#read())
      this.#wanted.set(hash, resolve)
    })
    this.#urls.set(hash, asked)
    if (this.#urls.size > kept) this.#drop(this.#urls.keys().next().value as string)
    return asked
  }

  /** Gives all memory back. */
  clear(): void {
    for (const hash of [...this.#urls.keys()]) this.#drop(hash)
  }

  async #read(): Promise<void> {
    const wanted = this.#wanted
    this.#wanted = new Map()
    const hashes = [...wanted.keys()]
    try {
      const found = await thumbnails(this.#store, this.#projectId, hashes)
      hashes.forEach((hash, i) => {
        const record = found[i]
        wanted.get(hash)?.(record && URL.createObjectURL(new Blob([record.bytes], { type: record.type })))
      })
    } catch {
      // Shown as a picture that is not there; the next look asks again.
      for (const [hash, answer] of wanted) {
        answer(undefined)
        this.#urls.delete(hash)
      }
    }
  }

  #drop(hash: string): void {
    const url = this.#urls.get(hash)
    this.#urls.delete(hash)
    void url?.then((address) => address !== undefined && URL.revokeObjectURL(address))
  }
}
