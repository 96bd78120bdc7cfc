/** Hands out aligned pieces of a buffer whose size is known before it exists. */
export class Layout {
  #next = 64
  /** @returns the byte offset of a piece, a multiple of 64 */
  take(bytes: number): number {
    const at = this.#next
    this.#next = at + Math.ceil(bytes / 64) * 64
    return at
  }
  get bytes(): number {
    return this.#next
  }
}
