/** Which changes belong together: keys typed into one field are one edit, however many changes they make. */

/** A list box takes letters typed within this time for one word, as browsers do. Milliseconds. */
const sameWord = 1000

export class Edits {
  #edit = {}
  #field: unknown
  #last = Number.NEGATIVE_INFINITY

  /**
   * @param field what has the focus
   * @param now milliseconds
   * @returns equal for changes of one edit; undefined where each change stands for itself
   */
  of(field: { readonly tagName: string; readonly type?: string } | null, now: number): object | undefined {
    const isText = field !== null && (field.tagName === 'TEXTAREA' || (field.tagName === 'INPUT' && field.type === 'text'))
    const isList = field?.tagName === 'SELECT'
    if (!isText && !isList) return undefined
    if (field !== this.#field || (isList && now - this.#last > sameWord)) this.#edit = {}
    this.#field = field
    this.#last = now
    return this.#edit
  }
  /** The field was left. */
  end(): void {
    this.#field = undefined
  }
}
