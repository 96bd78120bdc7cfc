/** The last part of a twin: its scores on the validation rows beside the studio's, and how far apart they may be. */
import type { Run } from '../../run/run.ts'
import type { Json } from '../../recipe/step.ts'
import { py } from './python.ts'

/** Scores that scikit-learn computes, too. */
const judged: Readonly<Record<string, string>> = {
  accuracy: 'accuracy_score(y[valid], label)',
  'balanced-accuracy': 'balanced_accuracy_score(y[valid], label)',
  'f1-macro': 'f1_score(y[valid], label, average="macro", zero_division=0)',
  'roc-auc': '',
  'log-loss': 'log_loss(y[valid], given, labels=range(len(CLASSES)))',
  rmse: 'mean_squared_error(y[valid], given) ** 0.5',
  mae: 'mean_absolute_error(y[valid], given)',
  r2: 'r2_score(y[valid], given)',
}
const inUnits = new Set(['rmse', 'mae'])

type Judged = Pick<Run, 'evaluation' | 'spec' | 'threshold'>
/** A score, and how far its 95 % interval reaches on these rows. */
type Scores = readonly (readonly [metric: string, value: number, reach: number])[]
const scoresOf = ({ evaluation }: Judged): Scores => (evaluation?.scores ?? []).flatMap(({ metric, value, low, high }) => (value === null ? [] : [[metric, value, low === null || high === null ? 0 : Math.max(high - value, value - low)] as const]))
const sklearnScores = (run: Judged): Scores => scoresOf(run).filter(([metric]) => judged[metric] !== undefined)

export interface Near {
  readonly tolerance: number
  /** On top comes what chance makes of the difference of two scores. */
  readonly another?: boolean | undefined
  /** On top for ranks alone: of probabilities that are 1 to the last bit, that bit decides which comes first. */
  readonly ranks?: number | undefined
}
/** Allowed difference of each score: of shares as stated, of the log loss twice as much, of errors relative. */
export const allowedOf = (run: Judged, { tolerance, another = false, ranks = 0 }: Near): [string, number][] =>
  scoresOf(run).map(([metric, value, reach]) => [metric, (metric === 'log-loss' ? 2 * tolerance : inUnits.has(metric) ? tolerance * Math.abs(value) : tolerance) + (another ? Math.SQRT2 * reach : 0) + (metric === 'roc-auc' ? ranks : 0)])

const functionOf = (metric: string): string => (metric === 'roc-auc' ? 'roc_auc_score' : (judged[metric] as string).split('(')[0] as string)
export function scoreImports(run: Judged): string[] {
  const functions = [...new Set(sklearnScores(run).map(([metric]) => functionOf(metric)))].sort()
  return functions.length > 0 ? [`from sklearn.metrics import ${functions.join(', ')}`] : []
}

const nearOf = (run: Judged, near: Near): [string, number][] => allowedOf(run, near).filter(([metric]) => judged[metric] !== undefined)
/** How far each score may be, in words: the very numbers that the last cell holds it to. */
export function nearness(run: Judged, near: Near, because: string): string {
  const each = nearOf(run, near).map(([metric, allowed]) => `${metric} ${Number(allowed.toPrecision(2))}`)
  return `# Its scores may lie so far from the studio's${each.length > 0 ? `: ${each.join(', ')}` : ''} (${because}).`
}

/**
 * Knows `given`, what the model answers for the validation rows. Where the allowed distance has room for a model that always
 * gives one answer, the rows say so: there the scores are no proof of the model.
 * @param label Python of the codes of its labels, where they are not read off the probabilities
 */
export function scoresCell(run: Judged, { label, ...near }: Near & { readonly label?: string | undefined }): string[] {
  const { task } = run.spec.target
  const scores = sklearnScores(run)
  const auc = task === 'binary' ? 'roc_auc_score(y[valid], given[:, 1])' : 'roc_auc_score(y[valid], given / given.sum(axis=1, keepdims=True), multi_class="ovr", labels=range(len(CLASSES)))'
  const ofGiven = task === 'binary' ? `(given[:, 1] >= ${run.threshold}).astype(int)` : 'given.argmax(axis=1)'
  const regression = task === 'regression'
  return [
    `STUDIO = ${py(Object.fromEntries(scores.map(([metric, value]) => [metric, value])) as Json)}`,
    `ALLOWED = ${py(Object.fromEntries(nearOf(run, near)) as Json)}`,
    '',
    `def scores_of(given${regression ? '' : ', label'}):`,
    '    return {',
    ...scores.map(([metric]) => `        ${py(metric)}: float(${metric === 'roc-auc' ? auc : judged[metric]}),`),
    '    }',
    '',
    ...(regression ? [] : [`label = ${label ?? ofGiven}`]),
    `scores = scores_of(given${regression ? '' : ', label'})`,
    '# A model that always gives the same answer: what lies as near to the studio as the scores must is proved by none of them.',
    `given = ${regression ? 'np.full(len(valid), y[train].mean())' : 'np.tile(np.bincount(y[train], minlength=len(CLASSES)) / len(train), (len(valid), 1))'}`,
    `idle = scores_of(given${regression ? '' : `, ${ofGiven}`})`,
    'weak = [name for name in scores if abs(idle[name] - STUDIO[name]) <= ALLOWED[name]]',
    'for name, score in scores.items():',
    '    apart = abs(score - STUDIO[name])',
    '    print(f"{name:20} {score:12.6f}  studio {STUDIO[name]:12.6f}  apart {apart:.2g}  allowed {ALLOWED[name]:.2g}" + ("  (one constant answer would pass, too)" if name in weak else ""))',
    'if weak and len(weak) == len(scores):',
    '    print(f"These {len(valid)} rows prove nothing about the model: always the same answer would lie as near to the studio.")',
    'if os.environ.get("SCORES"):',
    '    Path(os.environ["SCORES"]).write_text(json.dumps(scores))',
    'far = [name for name, score in scores.items() if not abs(score - STUDIO[name]) <= ALLOWED[name]]',
    'if far:',
    '    raise SystemExit(f"further from the studio than stated: {far}")',
  ]
}
