import { steps } from '../recipe/registry.ts'
import type { RunSpec } from './run-spec.ts'

/** Whether a run names what is on pictures: a step of its recipe opens them, and it answers with a class. */
export const seesPictures = ({ target, recipe }: Pick<RunSpec, 'target' | 'recipe'>): boolean => target.task !== 'regression' && recipe.steps.some(({ step }) => steps.has(step) && steps.get(step).representation !== undefined)
