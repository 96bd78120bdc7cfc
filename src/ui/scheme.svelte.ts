/** Whether the page is dark now: chosen on the root element, else by the device. For what cannot use light-dark(). */
import { createSubscriber } from 'svelte/reactivity'

const query = '(prefers-color-scheme: dark)'

const subscribe = createSubscriber((update) => {
  const device = matchMedia(query)
  const root = new MutationObserver(update)
  root.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
  device.addEventListener('change', update)
  return () => {
    root.disconnect()
    device.removeEventListener('change', update)
  }
})

export function isDark(): boolean {
  subscribe()
  const chosen = document.documentElement.dataset['theme']
  return chosen ? chosen === 'dark' : matchMedia(query).matches
}
