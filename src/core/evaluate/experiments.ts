/** Runs compare only where data, target and split are the same: those form an experiment. */
import type { FoldScore } from '../run/cross-validate.ts'
import type { Run } from '../run/run.ts'
import type { Evaluation, ScoreRow } from './evaluation.ts'

export interface Experiment {
  readonly key: string
  /** In order of creation; all have an evaluation. */
  readonly runs: readonly Run[]
  readonly newest: Run
}

/** Equal for runs that may be compared. */
export function experimentKey(run: Run): string {
  const { target, split } = run.spec
  const { strategy } = split
  return JSON.stringify([
    run.dataHash,
    target.column,
    target.task,
    target.positive ?? null,
    strategy.kind,
    'column' in strategy ? strategy.column : null,
    split.validShare,
    split.testShare,
    split.seed,
  ])
}

/** Experiments with judged runs, the one of the newest run first. */
export function experimentsOf(runs: readonly Run[]): Experiment[] {
  const byKey = new Map<string, Run[]>()
  for (const run of runs) {
    if (run.status !== 'succeeded' || !run.evaluation) continue
    const key = experimentKey(run)
    const known = byKey.get(key)
    if (known) known.push(run)
    else byKey.set(key, [run])
  }
  return [...byKey]
    .map(([key, list]) => ({ key, runs: list, newest: list.reduce((a, b) => (b.sequence > a.sequence ? b : a)) }))
    .sort((a, b) => b.newest.sequence - a.newest.sequence)
}

export const scoreOf = (evaluation: Evaluation | undefined, metric: string): ScoreRow | undefined => evaluation?.scores.find((score) => score.metric === metric)

export const foldScoreOf = (run: Run, metric: string): FoldScore | undefined => run.crossValidation?.scores.find((score) => score.metric === metric)

/** The folds that all of some runs have in common, each with a score there; undefined where there are none. */
export function sameFolds(runs: readonly Run[], metric: string): { readonly folds: number; readonly repeats: number; readonly rows: number; readonly heldToTrained: number } | undefined {
  const first = runs[0]?.crossValidation
  if (!first) return undefined
  const alike = runs.every((run) => {
    const { crossValidation: own } = run
    return own?.folds === first.folds && own.repeats === first.repeats && own.rows === first.rows && foldScoreOf(run, metric)?.values.every((value) => value !== null)
  })
  if (!alike) return undefined
  const { folds, repeats, rows } = first
  // By time the first fold learns from one block and the last from as many as there are folds; held out is one.
  const byTime = runs[0]?.spec.split.strategy.kind === 'time'
  const shares = Array.from({ length: folds }, (_, i) => (byTime ? 1 / (i + 1) : 1 / (folds - 1)))
  // Folds of a sampled run learn from no more rows than the run did (see train.ts), and are judged on all of theirs.
  const each = Math.round((rows * (folds - 1)) / folds)
  const sampled = Math.min(1, ...runs.map(({ spec }) => (spec.sampleRows ?? each) / each))
  return { folds, repeats, rows, heldToTrained: shares.reduce((sum, share) => sum + share, 0) / folds / sampled }
}

/** In what two runs' questions differ, in words; empty where they may be compared. */
export function differencesOf(a: Run, b: Run): readonly string[] {
  if (experimentKey(a) === experimentKey(b)) return []
  const { target, split } = a.spec
  const other = b.spec
  return [
    ...(a.dataHash === b.dataHash ? [] : ['the data']),
    ...(target.column === other.target.column && target.task === other.target.task && target.positive === other.target.positive ? [] : ['the target']),
    ...(JSON.stringify(split) === JSON.stringify(other.split) ? [] : ['the split']),
  ]
}
