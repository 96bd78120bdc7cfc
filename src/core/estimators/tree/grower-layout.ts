/** Where everything that a tree is grown from lies in the kernels' buffer. */
import { binsPerFeature, histogramBytes, rowPadding, thresholdsWork } from '../../../kernels/boosting.ts'
import type { Layout } from '../../../kernels/boosting.ts'

export interface GrowerLayout {
  /** Features, padded. */
  readonly stride: number
  readonly rowMajor: number
  readonly columns: number
  readonly rows: number
  readonly scratch: number
  readonly gradient: number
  readonly hessian: number
  readonly packed: number
  readonly sums: number
  /** Sums of some leaves, 64 bytes each. */
  readonly leafSums: number
  /** Best splits of nodes in ranges of features, 64 bytes each. */
  readonly found: number
  readonly lastBins: number
  /** How to search each feature, for each child of some nodes. */
  readonly modes: number
  /** Which bins go left, for each of some nodes. */
  readonly goesLeft: number
  /** Rows in each bin, for each of some nodes. */
  readonly counts: number
  /** Pairs of rows and rows on the left. */
  readonly pieces: number
  readonly thresholds: number
  /** What ends of bins are found in, for each of some features. */
  readonly binning: number
  /** Histograms of a node's parts beside its own. */
  readonly lanes: number
  readonly laneCount: number
  readonly histograms: number
  readonly slots: number
}

export const leavesAtOnce = 64
/** Nodes that are split side by side. It is the same on one thread and on several, for features may be drawn a node. */
export const nodesAtOnce = 8
/** Features whose bins are found side by side. */
export const featuresAtOnce = 4
/** Rows that the ends of bins are found on, at most. */
export const binSampleRows = 100_000
/** Fewer rows than these are not worth sharing. */
export const fewRows = 4096
const histogramBudget = 256 * 2 ** 20

/** Parts that work on some nodes falls into, so that no thread waits long for another. */
export const partsFor = (threads: number): number => (threads === 1 ? 1 : 2 * threads)

/** @param threads that will work on it, at most */
export function layOutGrower(layout: Layout, rows: number, features: number, maxLeafNodes: number, threads = 1): GrowerLayout {
  const stride = Math.ceil(features / 4) * 4
  const padded = Math.ceil(rows / rowPadding) * rowPadding
  const eachHistogram = histogramBytes(stride)
  const inBudget = (wanted: number): number => Math.min(wanted, Math.floor(histogramBudget / eachHistogram))
  const slots = Math.max(4, inBudget(maxLeafNodes === 0 ? 64 : maxLeafNodes + 2))
  const laneCount = threads === 1 ? 0 : inBudget(partsFor(threads))
  return {
    stride,
    rowMajor: layout.take(padded * stride),
    columns: layout.take(rows * features),
    rows: layout.take(padded * 4),
    scratch: layout.take(padded * 4),
    gradient: layout.take(padded * 4),
    hessian: layout.take(padded * 4),
    packed: layout.take(padded * 8),
    sums: layout.take(64),
    leafSums: layout.take(leavesAtOnce * 64),
    found: layout.take(2 * (nodesAtOnce + partsFor(threads)) * 64),
    lastBins: layout.take(features),
    modes: layout.take(2 * nodesAtOnce * stride),
    goesLeft: layout.take(nodesAtOnce * binsPerFeature),
    counts: layout.take(nodesAtOnce * stride * binsPerFeature * 4),
    pieces: layout.take((nodesAtOnce + partsFor(threads)) * 8),
    thresholds: layout.take(featuresAtOnce * binsPerFeature * 4),
    binning: layout.take(featuresAtOnce * thresholdsWork(Math.min(rows, binSampleRows))),
    lanes: layout.take(laneCount * eachHistogram),
    laneCount,
    histograms: layout.take(slots * eachHistogram),
    slots,
  }
}
