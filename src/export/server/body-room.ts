/**
 * What the bodies under way may hold together. Each counts with what has come of it until its request is answered; what
 * is only announced holds nothing, or a few callers who never send would keep all others out. Whoever would go beyond
 * is asked to come again; whoever is alone is let in, however large.
 */

/** Where nobody says otherwise. From its text to its answer a byte of a body takes about ten: with so many the server stays within the 512 MiB of its deployment files. */
export const fewestBodyBytes = 16_000_000

export interface BodyShare {
  /** More of it has come. @returns whether there was room; where not, it holds nothing any longer */
  readonly take: (bytes: number) => boolean
  /** Its request is answered, or will not be. */
  readonly leave: () => void
}

export class BodyRoom {
  readonly #most: () => number
  #held = 0

  /** @param most bytes; a reload may change it */
  constructor(most: () => number) {
    this.#most = most
  }

  get held(): number {
    return this.#held
  }

  /** @param announced bytes @returns undefined where there is no room for them now */
  enter(announced: number): BodyShare | undefined {
    if (this.#held > 0 && this.#held + announced > this.#most()) return undefined
    let own = 0
    let inside = true
    const leave = (): void => {
      if (inside) this.#held -= own
      inside = false
    }
    const take = (bytes: number): boolean => {
      if (!inside) return false
      if (this.#held > own && this.#held + bytes > this.#most()) {
        leave()
        return false
      }
      own += bytes
      this.#held += bytes
      return true
    }
    return { take, leave }
  }
}
