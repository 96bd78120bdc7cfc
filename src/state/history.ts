/** Undo and redo over immutable values, as a plain class. */
export class History<T> {
  readonly #limit: number
  #past: T[] = []
  #future: T[] = []
  #present: T
  #edit: unknown = undefined

  constructor(present: T, limit = 200) {
    this.#present = present
    this.#limit = limit
  }

  get present(): T {
    return this.#present
  }
  get canUndo(): boolean {
    return this.#past.length > 0
  }
  get canRedo(): boolean {
    return this.#future.length > 0
  }

  /**
   * A new present; what was undone can no longer be redone.
   * @param edit what the change is part of, compared by identity: changes of one edit in a row are one step
   */
  push(next: T, edit?: unknown): void {
    if (Object.is(next, this.#present)) return
    const goesOn = edit !== undefined && edit === this.#edit
    this.#edit = edit
    if (!goesOn) this.#past.push(this.#present)
    if (this.#past.length > this.#limit) this.#past.shift()
    this.#future = []
    this.#present = next
  }
  /** As it stands, to come back to where a step could not be saved. */
  mark(): () => void {
    const [past, future, present, edit] = [[...this.#past], [...this.#future], this.#present, this.#edit]
    return () => {
      this.#edit = edit
      this.#past = past
      this.#future = future
      this.#present = present
    }
  }
  /** Replaces the present without a step: for what another tab or a worker changed. */
  replace(present: T): void {
    this.#present = present
  }
  undo(): T {
    this.#edit = undefined
    const back = this.#past.pop()
    if (back !== undefined) {
      this.#future.push(this.#present)
      this.#present = back
    }
    return this.#present
  }
  redo(): T {
    this.#edit = undefined
    const next = this.#future.pop()
    if (next !== undefined) {
      this.#past.push(this.#present)
      this.#present = next
    }
    return this.#present
  }
}
