/** Many deep trees on drawn rows and features, whose votes are averaged. */
import { forestEstimator } from './tree/forest-estimator.ts'

export const randomForest = forestEstimator({
  id: 'random-forest',
  label: 'Random forest',
  summary: 'Many deep trees, each on its own draw of rows and features, averaged: hard to get wrong.',
  source:
    "Breiman 2001; scikit-learn's RandomForest, its defaults, out-of-bag score and balanced subsample. Ours searches splits on up to 255 quantiles of a feature instead of on all its values.",
  bootstrap: true,
  randomThresholds: false,
})
