/** Many deep trees whose thresholds are drawn, averaged. */
import { forestEstimator } from './tree/forest-estimator.ts'

export const extraTrees = forestEstimator({
  id: 'extra-trees',
  label: 'Extra trees',
  summary: 'A forest whose thresholds are drawn at random: often as good, smoother, and quick to train.',
  source: "Geurts, Ernst & Wehenkel 2006; scikit-learn's ExtraTrees and its defaults: all rows for each tree, one threshold a feature between the node's smallest and largest value.",
  bootstrap: false,
  randomThresholds: true,
})
