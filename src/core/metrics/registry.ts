import { createRegistry } from '../registry.ts'
import type { Metric } from './metric.ts'

/** Every metric of the studio; a new one is its own file and one line here. */
export const metrics = createRegistry<Metric>('metric', [])
