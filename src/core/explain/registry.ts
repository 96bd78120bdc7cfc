import { createRegistry } from '../registry.ts'
import type { Explainer } from './explainer.ts'

/** Every explainer of the studio; a new one is its own file and one line here. */
export const explainers = createRegistry<Explainer>('explainer', [])
