/** Every combination of a few values of each parameter. */
import { StudioError } from '../errors.ts'
import { checkTrials } from './random.ts'
import { levelsOf, type Space } from './space.ts'
import type { SearchOptions, Strategy } from './strategy.ts'

const sizeOf = (space: Space, levels: number): number => space.reduce((product, dimension) => product * levelsOf(dimension, levels).length, 1)

/** As many values a parameter as the number of trials allows, the same number for all. */
function gridOf(space: Space, options: SearchOptions): { readonly axes: readonly (readonly number[])[]; readonly size: number } {
  checkTrials(options)
  let levels = 2
  if (sizeOf(space, levels) > options.trials) {
    throw new StudioError({ code: 'bad-param', message: `invalid trials; a grid of two values a parameter needs ${sizeOf(space, levels)}: ${options.trials}`, hint: 'Vary fewer parameters, allow more trials, or search at random.' })
  }
  while (levels < options.trials && sizeOf(space, levels + 1) <= options.trials) levels++
  return { axes: space.map((dimension) => levelsOf(dimension, levels)), size: sizeOf(space, levels) }
}

export const grid: Strategy = {
  id: 'grid',
  label: 'Grid',
  summary: 'Tries every combination of a few values of each parameter; good for one or two parameters.',
  source: 'Full factorial design',
  plan: (space, options) => new Array<number>(gridOf(space, options).size).fill(1),
  waitsFor: () => 0,
  propose(space, _known, ahead, options) {
    const { axes } = gridOf(space, options)
    let left = ahead.length
    const point = [...axes].reverse().map((axis) => {
      const at = left % axis.length
      left = (left - at) / axis.length
      return axis[at] as number
    })
    return { point: point.reverse(), budget: 1 }
  },
}
