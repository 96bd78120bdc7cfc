/** Which estimators something elsewhere can train: estimator -> library. Light, so that a page can ask. */
export const trainersElsewhere: ReadonlyMap<string, 'XGBoost' | 'PyTorch'> = new Map([
  ['hist-gradient-boosting', 'XGBoost'],
  ['mlp', 'PyTorch'],
])
