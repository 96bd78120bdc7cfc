/** Which estimators something elsewhere can train: estimator -> library. Light, so that a page can ask. */
export const trainersElsewhere: ReadonlyMap<string, 'XGBoost' | 'PyTorch'> = new Map([
  ['hist-gradient-boosting', 'XGBoost'],
  ['mlp', 'PyTorch'],
  ['cnn', 'PyTorch'],
  ['logistic-regression', 'PyTorch'],
  ['ridge', 'PyTorch'],
  ['linear-regression', 'PyTorch'],
])

/** For refusals: who trains what. */
export const whoTrains = (): string => [...new Set(trainersElsewhere.values())].map((library) => `${library} trains ${[...trainersElsewhere].flatMap(([id, by]) => (by === library ? [id] : [])).join(', ')}`).join('; ')
