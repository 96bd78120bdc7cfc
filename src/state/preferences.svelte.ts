/** Choices of this person on this device; small enough for localStorage, and never needed to work. */
export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const key = 'glasshouse.theme'

function stored(): Theme {
  try {
    const value = localStorage.getItem(key)
    return themes.find((theme) => theme === value) ?? 'system'
  } catch {
    return 'system'
  }
}

export class Preferences {
  #theme = $state.raw<Theme>(stored())

  get theme(): Theme {
    return this.#theme
  }
  set theme(theme: Theme) {
    this.#theme = theme
    try {
      localStorage.setItem(key, theme)
    } catch {
      // Without storage the choice lasts as long as the tab.
    }
  }
}
