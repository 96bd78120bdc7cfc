/** What a model card's page asks, and how it shows an answer: the same for tables and pictures. */
import type { GoldenCell } from '../../core/bundle/golden.ts'
import type { Signature } from '../../core/bundle/signature.ts'

/** What the script of a card is told about its model. */
export interface CardModel extends Signature {
  /** One cell an input, where the controls begin; a moment is UTC seconds. Empty for pictures. */
  readonly start: readonly GoldenCell[]
  /** Columns that get a control. */
  readonly shown: number
}
export type CardAnswer = { readonly value: number } | { readonly label: string; readonly probabilities: ArrayLike<number> }

export const byId = <E extends Element = HTMLElement>(id: string): E => document.getElementById(id) as unknown as E
export function make<K extends keyof HTMLElementTagNameMap>(tag: K, properties?: Readonly<Partial<HTMLElementTagNameMap[K]>>, ...children: (Node | string)[]): HTMLElementTagNameMap[K] {
  const node = Object.assign(document.createElement(tag), properties ?? {})
  node.append(...children)
  return node
}

const raised = (digits: string): string => [...digits.replace('+', '')].map((digit) => (digit === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)])).join('')
/** A number with four digits, as the card's tables have it. */
export function write(value: number): string {
  const size = Math.abs(value)
  if (size === 0 || (size >= 1e-4 && size < 1e15)) return String(Number(value.toPrecision(4)))
  const [digits, power] = value.toExponential(3).split('e')
  return `${Number(digits)}×10${raised(power as string)}`
}

/** @param pick told which class's name was pressed; without it names are text. @param drawn the class whose curve is drawn */
export function showAnswer({ target, classes }: CardModel, answer: CardAnswer, pick?: (index: number) => void, drawn?: number): void {
  if ('value' in answer) {
    byId('answer').textContent = `${target}: ${write(answer.value)}`
    return
  }
  byId('answer').textContent = `${target}: ${answer.label}`
  const bars = byId('bars')
  // Made once: a name that has the focus keeps it while answers change.
  if (bars.childElementCount !== classes.length) {
    // Many classes scroll, by keyboard too.
    bars.tabIndex = 0
    bars.role = 'group'
    bars.ariaLabel = 'Probabilities of the classes'
    bars.replaceChildren(
      ...classes.map((name, c) => {
        const title = pick ? make('button', { type: 'button', textContent: name }) : make('span', { textContent: name })
        if (pick) title.addEventListener('click', () => pick(c))
        const bar = make('meter', { min: 0, max: 1 })
        bar.setAttribute('aria-label', `probability of ${name}`)
        return make('div', { className: 'bar' }, title, bar, make('output'))
      }),
    )
  }
  for (const [c, row] of [...bars.children].entries()) {
    const share = answer.probabilities[c] as number
    const [title, bar, output] = [...row.children] as [HTMLElement, HTMLMeterElement, HTMLOutputElement]
    row.classList.toggle('answered', classes[c] === answer.label)
    if (pick) title.setAttribute('aria-pressed', String(c === drawn))
    bar.value = share
    output.textContent = write(share)
  }
}

/** Instead of an answer: why there is none. */
export function showProblem(error: unknown): void {
  byId('answer').textContent = error instanceof Error ? error.message : String(error)
  byId('bars').replaceChildren()
}
/** Lets the page draw and hear the reader between two looks of a slow model. */
export const breath = (): Promise<void> => new Promise((done) => setTimeout(done))
