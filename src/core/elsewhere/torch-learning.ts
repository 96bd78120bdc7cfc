/** How a network learns, whatever its layers. */
export interface TorchLearning {
  /** The run's own first weights, layer by layer: float32, little-endian, in base64. */
  readonly theta: string
  readonly learningRate: number
  readonly alpha: number
  readonly batchSize: number
  readonly maxIter: number
  /** Share of the training rows that judges when to stop; 0 = none. */
  readonly validationFraction: number
  readonly nIterNoChange: number
  readonly tol: number
  readonly balanced: boolean
  readonly seed: number
}
