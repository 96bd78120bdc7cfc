/**
 * What estimators see. Features are float32 columns, because a served ONNX graph works in float32 and
 * the studio must decide every split exactly as the graph does; fits accumulate in float64.
 */
/** Height, width, channels. */
export type PictureShape = readonly [height: number, width: number, channels: number]

export interface Feature {
  readonly name: string
  /** The dataset column it was made from: its lineage. */
  readonly source: string
  /** Shape (rows), or rows x height x width x channels, row-major, where `shape` is given. NaN means missing and occurs only where the estimator's tags accept it. */
  readonly values: Float32Array
  /** A picture: height, width, channels of one row. Only estimators tagged `takesPictures` accept it. */
  readonly shape?: PictureShape
  /** Present where the values are category codes 0 .. categories.length - 1; an unseen value is NaN (missing). */
  readonly categories?: readonly string[]
}

export interface Matrix {
  readonly rows: number
  readonly features: readonly Feature[]
}

/** Numbers of one row of a feature: 1, or all of a picture. */
export const featureWidth = ({ shape }: Pick<Feature, 'shape'>): number => (shape ? shape[0] * shape[1] * shape[2] : 1)

/** The same features at some rows. @param rows row numbers into the matrix */
export function takeRows(matrix: Matrix, rows: ArrayLike<number>): Matrix {
  return {
    rows: rows.length,
    features: matrix.features.map((feature) => {
      const width = featureWidth(feature)
      const values = new Float32Array(rows.length * width)
      if (width === 1) for (let i = 0; i < rows.length; i++) values[i] = feature.values[rows[i] as number] as number
      else for (let i = 0; i < rows.length; i++) values.set(feature.values.subarray((rows[i] as number) * width, (rows[i] as number) * width + width), i * width)
      return { ...feature, values }
    }),
  }
}
