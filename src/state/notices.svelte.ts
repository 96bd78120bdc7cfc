/** Short notices, newest last, each with an optional way back. */
export interface Notice {
  readonly id: number
  readonly text: string
  readonly action?: { readonly label: string; readonly run: () => void }
  /** Milliseconds on screen. */
  readonly life: number
}

export class Notices {
  #list = $state.raw<readonly Notice[]>([])
  #next = 1

  get list(): readonly Notice[] {
    return this.#list
  }

  /** @returns the notice's id, for `close` */
  say(text: string, options: { readonly action?: Notice['action']; readonly life?: number } = {}): number {
    const id = this.#next++
    const notice: Notice = { id, text: text.slice(0, 300), life: options.life ?? (options.action ? 12_000 : 6_000), ...(options.action ? { action: options.action } : {}) }
    this.#list = [...this.#list.slice(-3), notice]
    return id
  }

  close(id: number): void {
    this.#list = this.#list.filter((notice) => notice.id !== id)
  }
}
