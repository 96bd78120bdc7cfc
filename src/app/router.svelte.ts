/** Where we are, from the address bar. Nothing else decides what is on screen. */
import { type Place, placeOf } from '../state/links.ts'

export class Router {
  #place = $state.raw<Place>(placeOf(location.hash))

  get place(): Place {
    return this.#place
  }

  /** @returns a function that stops listening */
  start(): () => void {
    const hear = () => {
      this.#place = placeOf(location.hash)
    }
    addEventListener('hashchange', hear)
    return () => removeEventListener('hashchange', hear)
  }
}
