import { createRegistry } from '../registry.ts'
import type { Step } from './step.ts'

/** Every step of the studio; a new one is its own file and one line here. */
export const steps = createRegistry<Step>('step', [])
