/** Applies the chosen theme to the document; `system` leaves the choice to the device. */
import type { Theme } from '../state/preferences.svelte.ts'

export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}
