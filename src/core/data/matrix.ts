/**
 * What estimators see. Features are float32 columns, because a served ONNX graph works in float32 and
 * the studio must decide every split exactly as the graph does; fits accumulate in float64.
 */
export interface Feature {
  readonly name: string
  /** The dataset column it was made from: its lineage. */
  readonly source: string
  /** Shape (rows). NaN means missing and occurs only where the estimator's tags accept it. */
  readonly values: Float32Array
  /** Present where the values are category codes 0 .. categories.length - 1; an unseen value is NaN (missing). */
  readonly categories?: readonly string[]
}

export interface Matrix {
  readonly rows: number
  readonly features: readonly Feature[]
}

/** The same features at some rows. @param rows row numbers into the matrix */
export function takeRows(matrix: Matrix, rows: ArrayLike<number>): Matrix {
  return {
    rows: rows.length,
    features: matrix.features.map((feature) => {
      const values = new Float32Array(rows.length)
      for (let i = 0; i < rows.length; i++) values[i] = feature.values[rows[i] as number] as number
      return { ...feature, values }
    }),
  }
}
