/** Choices of this person on this device; small enough for localStorage, and never needed to work. */
export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]
export const coreChoices = ['leave-one', 'all'] as const
export type CoreChoice = (typeof coreChoices)[number]

function stored<T extends string>(key: string, allowed: readonly T[], otherwise: T): T {
  try {
    const value = localStorage.getItem(key)
    return allowed.find((one) => one === value) ?? otherwise
  } catch {
    return otherwise
  }
}
function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // Without storage the choice lasts as long as the tab.
  }
}
const themeKey = 'glasshouse.theme'
const coresKey = 'glasshouse.cores'

export class Preferences {
  #theme = $state.raw<Theme>(stored(themeKey, themes, 'system'))
  #coreChoice = $state.raw<CoreChoice>(stored(coresKey, coreChoices, 'leave-one'))

  get theme(): Theme {
    return this.#theme
  }
  set theme(theme: Theme) {
    this.#theme = theme
    keep(themeKey, theme)
  }

  /** Of this machine. */
  readonly cores = Math.max(1, navigator.hardwareConcurrency || 1)
  get coreChoice(): CoreChoice {
    return this.#coreChoice
  }
  set coreChoice(choice: CoreChoice) {
    this.#coreChoice = choice
    keep(coresKey, choice)
  }
  /** That the next job may use; at least 1. */
  get coresForJobs(): number {
    return this.#coreChoice === 'all' ? this.cores : Math.max(1, this.cores - 1)
  }
}
