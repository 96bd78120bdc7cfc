/**
 * Class scores lie on a grid of powers of two, so that a float64 adds them without rounding, in any order: the exported
 * graph, programs of the model and the studio then decide every row alike, ties included.
 */

/** Log-odds of a leaf or a base to the nearest multiple of 2^-32: 2 million of them add up exactly. */
export const scoreOnGrid = (value: number): number => Math.round(value * 2 ** 32) / 2 ** 32

/** Class shares to multiples of 2^-40, in place; they still sum to 1, the largest takes what rounding left over. */
export function sharesOnGrid(shares: Float64Array): void {
  let largest = 0
  let others = 0
  for (let k = 0; k < shares.length; k++) {
    shares[k] = Math.round((shares[k] as number) * 2 ** 40) / 2 ** 40
    if ((shares[k] as number) > (shares[largest] as number)) largest = k
    others += shares[k] as number
  }
  shares[largest] = (shares[largest] as number) + 1 - others
}
