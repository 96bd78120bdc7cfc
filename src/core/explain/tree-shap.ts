/** What each column gives to one row's prediction, exactly, for models made of trees. */
import { StudioError } from '../errors.ts'
import { attributionsOf } from '../estimators/tree/attribute.ts'
import type { TreeModel } from '../estimators/tree/head.ts'
import type { Explainer, LocalAttribution } from './explainer.ts'
import { columnsOfRow } from './row-columns.ts'
import { answerOf, chosenScore, classParam, linkOfTrees, scoreName, throughLink } from './scores.ts'
import { showing, shownBy } from './showing.ts'

const params = { class: classParam } as const

export const treeShap: Explainer<typeof params> = {
  id: 'tree-shap',
  label: 'What each column gives',
  summary: "How far each column of one row moves its prediction from the average, exactly: the parts add up to the model's own score.",
  source: 'Lundberg et al. 2020 (path-dependent TreeSHAP); equal to XGBoost pred_contribs. Ours adds the parts of features that were made of one column, which keeps the sum.',
  params,
  refuses: showing(['trees'], 'Exact parts are known of models made of trees: a decision tree, a forest, or gradient boosting.'),
  async explain({ pipeline, row, target }, { class: wanted }, context): Promise<LocalAttribution> {
    await context.checkpoint()
    if (!row) throw new StudioError({ code: 'bad-data', message: 'missing row; parts are of one row: none chosen', hint: 'Choose a row first.' })
    const model = shownBy<TreeModel>(pipeline.model, ['trees'])
    const X = pipeline.features(columnsOfRow(pipeline, row))
    const { base, values } = await attributionsOf(model.trees, X, model.head, context)
    const prediction = await model.predict(X)
    const scale = model.scale ?? 1
    const { outputs } = model.trees
    const output = chosenScore(model.head.classes, outputs, wanted, prediction)
    const p = X.features.length
    const scores = Array.from(base, (mean, o) => (mean + values.subarray(o * p, (o + 1) * p).reduce((sum, part) => sum + part, 0)) * scale)
    const parts = new Map<string, number>()
    X.features.forEach((feature, f) => parts.set(feature.source, (parts.get(feature.source) ?? 0) + (values[output * p + f] as number) * scale))
    const columns = Array.from(parts, ([column, part]) => ({ column, cell: row.get(column) ?? null, part })).sort((a, b) => Math.abs(b.part) - Math.abs(a.part))
    const mean = (base[output] as number) * scale
    const link = linkOfTrees(model)
    const predicted = answerOf(prediction, output, outputs)
    const said = throughLink(link, scores, output)
    context.report({ kind: 'step', phase: 'tree-shap', done: 1, total: 1 })
    return {
      kind: 'tree-shap',
      output: scoreName(link, model.head.classes, target.column, output, outputs),
      link,
      base: mean,
      score: columns.reduce((sum, { part }) => sum + part, mean),
      predicted,
      gap: said === null ? null : Math.abs(said - predicted),
      columns,
    }
  },
}
