/**
 * Can old rows and new ones be told apart at all? A classifier is taught to, and judged on rows it did not learn from
 * (Lopez-Paz & Oquab 2017): it finds changes that no column shows alone, such as two columns that stopped going together.
 */
import type { Context } from '../context.ts'
import { columnFrom, type Column } from '../data/column.ts'
import { columnInfo, type Dataset } from '../data/dataset.ts'
import { takeColumn } from '../data/change-kind.ts'
import { encodeTarget } from '../data/encode-target.ts'
import { stackColumns } from '../data/stack-columns.ts'
import { estimators } from '../estimators/registry.ts'
import { samplePositions } from '../evaluate/residuals.ts'
import { permutationImportance } from '../explain/permutation.ts'
import { defaultsOf } from '../params.ts'
import { defaultRecipe } from '../recipe/default-recipe.ts'
import type { RunSpec } from '../run/run-spec.ts'
import { train } from '../run/train.ts'
import type { Joint } from './report.ts'

const mostRows = 5000
const fewestRows = 100
/** An area above this, and surely above one half, is a drift. */
const limit = 0.55
const learner = 'hist-gradient-boosting'

/** @param reference, current columns of the same names and kinds @returns why not, as a sentence, where it cannot be asked */
export async function jointDrift(reference: { readonly columns: readonly Column[]; readonly rows: Uint32Array }, current: { readonly columns: readonly Column[]; readonly rows: Uint32Array }, context: Context): Promise<Joint | { readonly refused: string }> {
  if (reference.rows.length < fewestRows || current.rows.length < fewestRows) return { refused: `It takes ${fewestRows} rows of each side.` }
  const sampled = ({ columns, rows }: typeof reference, seed: number): Column[] => {
    const positions = samplePositions(rows.length, seed, mostRows).map((i) => rows[i] as number)
    return columns.map((column) => takeColumn(column, positions))
  }
  const [old, fresh] = [sampled(reference, 1), sampled(current, 2)]
  // A moment tells old from new by itself, and pictures have no values.
  const usable = old.flatMap((column) => {
    const other = fresh.find(({ name }) => name === column.name)
    return other && other.kind === column.kind && column.kind !== 'datetime' && column.kind !== 'image' && column.kind !== 'text' && column.kind !== 'id' ? [stackColumns([rounded(column), rounded(other)])] : []
  })
  if (usable.length < 2) return { refused: 'It takes two columns at least.' }
  const names = new Set(usable.map(({ name }) => name))
  let target = 'new'
  while (names.has(target)) target += '_'
  const [m, n] = [old[0]?.length ?? 0, fresh[0]?.length ?? 0]
  const columns = [...usable, columnFrom(target, 'boolean', Array.from({ length: m + n }, (_, i) => i >= m))]
  const dataset: Dataset = { id: '', name: '', rows: m + n, columns, source: { kind: 'derived', fileName: '', bytes: 0, sha256: '' } }
  const { tags, params } = estimators.get(learner)
  const spec: RunSpec = {
    version: 1,
    projectId: '',
    datasetId: '',
    target: { column: target, task: 'binary', positive: 'true' },
    split: { strategy: { kind: 'stratified', column: target }, validShare: 0.5, testShare: 0, seed: 1 },
    recipe: defaultRecipe(tags, columns.map(columnInfo), target),
    estimator: { id: learner, params: { ...defaultsOf(params), maxIter: 60, maxDepth: 4 } },
    seed: 1,
  }
  const { pipeline, split, evaluation } = await train(spec, dataset, context)
  const auc = evaluation.scores.find(({ metric }) => metric === 'roc-auc')
  if (!auc || auc.value === null) return { refused: 'The rows could not be ranked.' }
  const drifted = auc.value > limit && (auc.low ?? 0) > 0.5
  const importance = await permutationImportance.explain(
    { pipeline, dataset, part: 'valid', rows: split.valid, target: encodeTarget(columns.at(-1) as Column, spec.target, split.valid, pipeline.classes), seed: 1, threshold: 0.5 },
    { metric: 'roc-auc', repeats: 5, maxRows: 2000 },
    context,
  )
  const columnsLoss = importance.kind === 'permutation-importance' ? importance.columns.map(({ column, mean }) => ({ column, loss: mean })) : []
  return { auc: auc.value, low: auc.low ?? auc.value, high: auc.high ?? auc.value, n: split.valid.length, drifted, columns: columnsLoss.filter(({ loss }) => loss > 0.005).slice(0, 10) }
}

/** As in the drift tests: a log's numbers have 32 bits, and more digits alone must not tell old from new. */
const rounded = (column: Column): Column => (column.kind === 'numeric' ? { ...column, values: column.values.map(Math.fround) } : column)
