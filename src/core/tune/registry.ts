import { createRegistry } from '../registry.ts'
import { bayesian } from './bayesian.ts'
import { grid } from './grid.ts'
import { halving, hyperband } from './halving.ts'
import { random } from './random.ts'
import type { Strategy } from './strategy.ts'

/** Every way to search for parameters; a new one is its own file and one line here. */
export const strategies = createRegistry<Strategy>('search strategy', [bayesian, random, grid, halving, hyperband])
