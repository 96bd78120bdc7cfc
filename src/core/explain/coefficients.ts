/** The coefficients of a linear model: in the units of the columns, for one standard deviation, and how sure they are. */
import { coefficientTable } from '../estimators/coefficients.ts'
import type { LinearModel } from '../estimators/linear.ts'
import { steps } from '../recipe/registry.ts'
import type { FittedRecipeState } from '../recipe/step.ts'
import { linkOfLine } from './additive-parts.ts'
import type { Coefficients, Explainer } from './explainer.ts'
import { scoreName } from './scores.ts'
import { showing, shownBy } from './showing.ts'

const params = {
  level: { kind: 'number', default: 0.95, min: 0.5, max: 0.999, label: 'Level', help: 'How often an interval like this holds the true coefficient.' },
} as const

export const coefficients: Explainer<typeof params> = {
  id: 'coefficients',
  label: 'Coefficients',
  summary: 'What one unit, and one standard deviation, of each feature adds to the score, with intervals where theory gives them.',
  source: 'Intervals: see each estimator; units: scaling of the recipe is undone',
  params,
  refuses: showing(['coefficients'], 'There are no coefficients: the model is not a weighted sum.'),
  async explain({ pipeline, target }, { level }, context): Promise<Coefficients> {
    await context.checkpoint()
    const model = shownBy<LinearModel>(pipeline.model, ['linear'])
    const { features } = pipeline.recipe
    const names = features.map((feature) => feature.name)
    const { intercepts, classes } = model.linear
    const link = linkOfLine(model)
    const slopes = features.map(({ name }) => slopeOf(pipeline.recipe, name))
    const p = names.length
    const rows = coefficientTable(model.linear, names, level).map(({ feature, output, raw, standardised, interval }, i) => {
      const j = Math.floor(i / intercepts.length)
      const slope = slopes[j]
      const scale = model.linear.featureScales[j] as number
      const by = (factor: number) => interval && ([interval[0] * factor, interval[1] * factor] as const)
      const [own, own95] = [by(slope ?? 1), by(scale)]
      return { feature, source: features[j]?.source ?? feature, output, raw: raw * (slope ?? 1), own: slope !== undefined, standardised, ...(own && { interval: own }), ...(own95 && { standardisedInterval: own95 }) }
    })
    context.report({ kind: 'step', phase: 'coefficients', done: p, total: p })
    return { kind: 'coefficients', outputs: Array.from(intercepts, (_, o) => scoreName(link, classes, target.column, o, intercepts.length)), link, intercepts: Array.from(intercepts), level, rows }
  },
}

/** How far a feature moves for one unit of its column; undefined where some step bends it. */
function slopeOf(recipe: FittedRecipeState, feature: string): number | undefined {
  let slope = 1
  for (const { step: id, series } of recipe.learnt) {
    const learnt = series.find(({ name }) => name === feature)
    if (!learnt) continue
    const own = steps.get(id).slope?.(learnt.state as never)
    if (own === undefined) return undefined
    slope *= own
  }
  return slope
}
