/** What a job is doing, in a word a person would use. */
const words: ReadonlyMap<string, string> = new Map([
  ['load', 'Loading rows'],
  ['fit', 'Training'],
  ['train', 'Training'],
  ['boosting', 'Growing trees'],
  ['growing', 'Growing the tree'],
  ['evaluate', 'Evaluating'],
  ['tune', 'Trying settings'],
  ['nested', 'Judging the search over folds'],
  ['cross-validate', 'Cross-validating'],
  ['fold-curve', 'Training over folds'],
  ['compare', 'Comparing runs'],
  ['groups', 'Scoring groups'],
  ['nearest-counterfactual', 'Looking for the nearest row'],
  ['partial-dependence', 'Varying the feature'],
  ['permutation-importance', 'Shuffling features'],
  ['integrated-gradients', 'Slopes by each pixel'],
  ['sampled-shap', 'Asking what columns give'],
  ['tree-shap', 'Adding up what columns give'],
])

export function phaseWords(phase: string): string {
  if (phase === '') return 'Starting'
  return words.get(phase) ?? (phase[0] ?? '').toUpperCase() + phase.slice(1)
}

interface Stage {
  readonly status: string
  readonly paused: boolean
  readonly phase: string
}
/** What a job is doing at the moment. @param stopping in the words of the place where it is said */
export const stageWords = ({ status, paused, phase }: Stage, stopping: string): string => (status === 'stopping' ? stopping : paused ? 'Paused' : phaseWords(phase))
