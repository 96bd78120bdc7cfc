/** What each column gives to one row's prediction, exactly, for models made of trees. */
import { StudioError } from '../errors.ts'
import { attributionsOf } from '../estimators/tree/attribute.ts'
import type { TreeModel } from '../estimators/tree/head.ts'
import type { Explainer, LocalAttribution } from './explainer.ts'
import { columnsOfRow } from './row-columns.ts'

const params = {} as const

/** Estimators whose models are a TreeModel. */
const ofTrees: ReadonlySet<string> = new Set(['decision-tree', 'random-forest', 'extra-trees', 'hist-gradient-boosting'])

export const treeShap: Explainer<typeof params> = {
  id: 'tree-shap',
  label: 'What each column gives',
  summary: "How far each column of one row moves its prediction from the average, exactly: the parts add up to the model's own score.",
  source: 'Lundberg et al. 2020 (path-dependent TreeSHAP); equal to XGBoost pred_contribs. Ours adds the parts of features that were made of one column, which keeps the sum.',
  params,
  refuses({ estimator }) {
    return ofTrees.has(estimator) ? undefined : 'Exact parts are known of models made of trees: a decision tree, a forest, or gradient boosting.'
  },
  async explain({ pipeline, row, target }, _params, context): Promise<LocalAttribution> {
    await context.checkpoint()
    if (!row) throw new StudioError({ code: 'bad-data', message: 'missing row; parts are of one row: none chosen', hint: 'Choose a row first.' })
    const model = pipeline.model as Partial<TreeModel> & TreeModel
    if (model.trees === undefined) throw new StudioError({ code: 'unsupported', message: `unsupported model; it shows no trees: ${model.estimator}` })
    const X = pipeline.features(columnsOfRow(pipeline, row))
    const { base, values } = await attributionsOf(model.trees, X, model.head, context)
    const scale = model.scale ?? 1
    const output = await chosenOutput(model, X)
    const parts = new Map<string, number>()
    X.features.forEach((feature, f) => parts.set(feature.source, (parts.get(feature.source) ?? 0) + (values[output * X.features.length + f] as number) * scale))
    const columns = Array.from(parts, ([column, part]) => ({ column, cell: row.get(column) ?? null, part })).sort((a, b) => Math.abs(b.part) - Math.abs(a.part))
    const mean = (base[output] as number) * scale
    context.report({ kind: 'step', phase: 'tree-shap', done: 1, total: 1 })
    return { kind: 'tree-shap', output: nameOf(model, output, target.column), base: mean, score: columns.reduce((sum, { part }) => sum + part, mean), columns }
  },
}

/** The one score there is, the second of two classes, or the class that is predicted. */
async function chosenOutput(model: TreeModel, X: Parameters<TreeModel['predict']>[0]): Promise<number> {
  if (model.trees.outputs <= 2) return model.trees.outputs - 1
  const prediction = await model.predict(X)
  if (prediction.task === 'regression') return 0
  let top = 0
  prediction.probabilities.forEach((probability, k) => (top = probability > (prediction.probabilities[top] as number) ? k : top))
  return top
}

function nameOf({ head, trees, estimator }: TreeModel, output: number, column: string): string {
  if (head.task === 'regression') return head.link === 'log' ? `logarithm of ${column}` : column
  const name = head.classes[trees.outputs === 1 ? 1 : output] as string
  if (estimator !== 'hist-gradient-boosting') return `probability of ${name}`
  return trees.outputs === 1 ? `log-odds of ${name}` : `score of ${name}`
}
