/** How the coefficients of a model come and go with its penalty. */
import { StudioError } from '../errors.ts'
import { estimators } from '../estimators/registry.ts'
import { checkParams } from '../params.ts'
import type { CoefficientPath, Explainer } from './explainer.ts'

const params = {
  points: { kind: 'integer', default: 60, min: 2, max: 500, label: 'Penalties', help: 'How many penalties are tried, evenly spaced in their logarithm.' },
} as const

const pathOf = (estimator: string) => (estimators.has(estimator) ? estimators.get(estimator).path : undefined)

export const coefficientPath: Explainer<typeof params> = {
  id: 'coefficient-path',
  label: 'Path of the coefficients',
  summary: 'Which coefficients a weaker or stronger penalty would let in or silence; fitted anew on the rows it is asked of.',
  source: 'Friedman, Hastie & Tibshirani 2010, section 2.5; scikit-learn enet_path',
  params,
  refuses: ({ estimator }) => (pathOf(estimator) ? undefined : 'There is no path: only a penalty that silences features has one.'),
  async explain({ pipeline, dataset, rows, target, seed, settings, weigh }, { points }, context): Promise<CoefficientPath> {
    await context.checkpoint()
    const estimator = estimators.get(pipeline.model.estimator)
    if (!estimator.path) throw new StudioError({ code: 'unsupported', message: `unsupported model; its estimator has no path: ${estimator.id}` })
    const X = pipeline.features(dataset.columns, rows)
    const fitted = checkParams(estimator.id, estimator.params, settings ?? {})
    const weights = weigh?.(rows)
    const { penalties, coefficients, chosen } = await estimator.path(X, target, { params: fitted, seed, ...(weights && { weights }) }, points, { ...context, report: () => {}, signal: context.signal, now: () => context.now(), checkpoint: () => context.checkpoint(), stopping: () => context.stopping(), asset: (name) => context.asset(name), assetUrl: (name) => context.assetUrl(name) })
    const features = X.features
      .map(({ name }, j) => ({ feature: name, values: coefficients.map((values) => values[j] as number) }))
      .map((feature) => ({ ...feature, entered: feature.values.findIndex((value) => value !== 0) }))
      .sort((a, b) => (a.entered < 0 ? points : a.entered) - (b.entered < 0 ? points : b.entered))
      .map(({ feature, values }) => ({ feature, values }))
    context.report({ kind: 'step', phase: 'coefficient-path', done: points, total: points })
    return { kind: 'coefficient-path', output: target.column, penalties, chosen, features }
  },
}
