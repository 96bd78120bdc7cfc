/** What a run was told and what came of it, in words: built once for every page that shows a run. */
import { paramsForTask, paramsWithEffect } from '../core/params.ts'
import { estimators } from '../core/estimators/registry.ts'
import type { ModelFacts } from '../core/estimators/estimator.ts'
import { imageEmbedding } from '../core/recipe/image-embedding.ts'
import { ownEmbedding } from '../core/recipe/own-embedding.ts'
import type { SplitSpec } from '../core/data/split.ts'
import type { Run, Timings } from '../core/run/run.ts'
import type { Reached } from '../core/savepoint.ts'
import { formatCount, formatDuration, formatNumber, plural, shorten } from './format.ts'

export interface Fact {
  readonly name: string
  readonly value: string
}

/** Facts that estimators report, by their name in code. */
const factNames: ReadonlyMap<string, string> = new Map([
  ['rounds', 'Rounds kept'],
  ['roundsRun', 'Rounds trained'],
  ['roundsBefore', 'Rounds of the earlier run'],
  ['epochs', 'Epochs trained'],
  ['bestEpoch', 'Best epoch'],
  ['stopped', 'Why it ended'],
  ['stoppedBecause', 'Why it ended'],
  ['backendsRefused', 'Backends passed over'],
  ['devicesLost', 'Devices lost on the way'],
  ['heldBackRows', 'Rows held back to judge when to stop'],
  ['kernels', 'Computed by'],
  ['trees', 'Trees'],
  ['leaves', 'Leaves'],
  ['depth', 'Depth'],
  ['oobScore', 'Out of bag: accuracy, or R², on rows left out of each tree'],
  ['oobRows', 'Rows left out of some tree'],
  ['supportVectors', 'Support vectors'],
  ['rowsKept', 'Rows kept for comparison'],
  ['nIter', 'Iterations'],
  ['sweeps', 'Sweeps over the features'],
  ['dualityGap', 'Distance from the best fit'],
  ['bags', 'Models averaged'],
  ['pairs', 'Pairs of features'],
  ['converged', 'Converged'],
])
const factValues: ReadonlyMap<string, string> = new Map([
  ['kernels compiled', 'compiled code (WebAssembly)'],
  ['kernels plain', 'plain JavaScript'],
])
/** Said elsewhere. */
const elsewhere = new Set(['backend'])

function say(value: unknown): string {
  if (typeof value === 'number') return formatNumber(value)
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (value === null) return 'none'
  if (Array.isArray(value)) return shorten(value.map((entry) => (Array.isArray(entry) ? entry.map(say).join(' × ') : say(entry))).join('; '), 600)
  return shorten(typeof value === 'object' ? JSON.stringify(value) : String(value), 300)
}
const empty = (value: unknown): boolean => value === null || value === '' || (Array.isArray(value) && value.length === 0)
/** bestAlpha -> Best alpha, for what an estimator reports under a name that is not listed. */
export const spaced = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase().replace(/^./, (first) => first.toUpperCase())

export const factsInWords = (facts: ModelFacts): readonly Fact[] =>
  Object.entries(facts)
    .filter(([key, value]) => !empty(value) && !elsewhere.has(key))
    .map(([key, value]) => ({ name: factNames.get(key) ?? spaced(key), value: factValues.get(`${key} ${String(value)}`) ?? say(value) }))

/** Every parameter that had an effect, with the value that was used, the defaults included, as its form words them. */
export function paramsInWords({ estimator: { id, params }, target }: Pick<Run['spec'], 'estimator' | 'target'>): readonly Fact[] {
  const table = paramsWithEffect(paramsForTask(estimators.has(id) ? estimators.get(id).params : {}, target.task), params)
  return Object.entries(table).map(([key, param]) => {
    const value = Object.hasOwn(params, key) ? params[key] : param.default
    const option = param.kind === 'choice' ? param.options.find((entry) => entry.value === value)?.label : undefined
    return { name: param.label, value: option ?? say(value) }
  })
}

export const rowsInWords = ({ train, valid, test, leftOut }: NonNullable<Run['rows']>): string =>
  `${formatCount(train)} training, ${formatCount(valid)} validation, ${formatCount(test)} test${leftOut > 0 ? `, ${formatCount(leftOut)} left out` : ''}`
export const timesInWords = ({ load, prepare, fit, evaluate }: Timings): string =>
  `load ${formatDuration(load)}, prepare ${formatDuration(prepare)}, fit ${formatDuration(fit)}, evaluate ${formatDuration(evaluate)}`
const backendNames: ReadonlyMap<string, string> = new Map([['typescript', 'CPU'], ['cpu', 'CPU (tfjs)'], ['wasm', 'WebAssembly'], ['webgl', 'WebGL'], ['webgpu', 'WebGPU']])
/** Of a run; a network that describes pictures to its model runs elsewhere than the model trains. */
export function backendInWords({ environment: { backend, threads, userAgent }, spec }: Pick<Run, 'environment' | 'spec'>): string {
  const described = spec.recipe.steps.some(({ step }) => step === imageEmbedding.id || step === ownEmbedding.id)
  return `${backendNames.get(backend) ?? backend}, ${plural(threads, 'thread')}${described ? `; the pretrained network: ${userAgent.startsWith('node ') ? 'ONNX Runtime' : 'WebAssembly (ONNX Runtime)'}` : ''}`
}

/** "after tree 140 of 300". */
export function reachedInWords({ unit, done, total }: Reached): string {
  if (unit === 'fold' && done === 0) return `after its training, before fold 1 of ${formatCount(total)}`
  return done === 0 ? `in ${unit} 1 of ${formatCount(total)}` : `after ${unit} ${formatCount(done)} of ${formatCount(total)}`
}

/** Runs to choose one from, by id: of those that share a name each says its number. */
export function runChoices(runs: readonly Run[]): readonly { readonly value: string; readonly label: string }[] {
  const named = new Map<string, number>()
  for (const { name } of runs) named.set(name, (named.get(name) ?? 0) + 1)
  return runs.map(({ id, name, sequence }) => ({ value: id, label: `${shorten(name, 80)}${(named.get(name) ?? 0) > 1 ? `, run ${formatCount(sequence)}` : ''}` }))
}

/** How folds treat rows that belong together; empty where chance deals them. */
export function foldOrderInWords({ strategy }: SplitSpec, noun = 'row'): string {
  const how = (strategy.kind === 'column' ? strategy.like : undefined) ?? strategy
  if (how.kind === 'time') return `in order of time, each fold after all that its model learnt from`
  return how.kind === 'grouped' ? `${noun}s with the same ${shorten(how.column, 40)} in one fold` : ''
}

/** "5 folds, dealt 3 times, of 275 rows" */
export const foldsInWords = ({ folds, repeats, rows }: { readonly folds: number; readonly repeats: number; readonly rows: number }, noun = 'row'): string =>
  `${folds} folds${repeats > 1 ? `, dealt ${repeats} times,` : ''} of ${plural(rows, noun)}`
