/** Thumbnails on screen as object URLs: read in batches, kept while they are likely to be seen again, given back after. */
import type { Store } from '../storage/port.ts'
import { thumbnails } from '../storage/pictures.ts'

const kept = 1500

/** How bright the edges of a picture are, 0 to 255. */
async function groundOf(file: Blob): Promise<number> {
  const side = 16
  const bitmap = await createImageBitmap(file, { resizeWidth: side, resizeHeight: side })
  const draw = new OffscreenCanvas(side, side).getContext('2d') as OffscreenCanvasRenderingContext2D
  draw.drawImage(bitmap, 0, 0)
  bitmap.close()
  const { data } = draw.getImageData(0, 0, side, side)
  const edges = Array.from({ length: side * side }, (_, i) => i).filter((i) => i < side || i >= side * (side - 1) || i % side === 0 || i % side === side - 1)
  return edges.reduce((sum, i) => sum + 0.3 * (data[4 * i] as number) + 0.59 * (data[4 * i + 1] as number) + 0.11 * (data[4 * i + 2] as number), 0) / edges.length
}

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

  /** Whether most of these pictures stand on black, or nearly: at their edges a quarter as bright as white, or less. */
  async areDark(hashes: readonly string[]): Promise<boolean> {
    const found = (await thumbnails(this.#store, this.#projectId, hashes)).filter((record) => record !== undefined)
    const grounds = await Promise.all(found.map(({ bytes, type }) => groundOf(new Blob([bytes], { type }))))
    return grounds.filter((level) => level < 64).length > grounds.length / 2
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
