/** Weights of a network as text: float32, little-endian, in base64. */
import { fromBase64 } from '../bundle/pictures.ts'
import { StudioError } from '../errors.ts'

/** @throws StudioError bad-data where they are not so many, or not finite */
export function weightsFrom(theta: string, wanted: number): Float32Array<ArrayBuffer> {
  const refuse = (rule: string): StudioError => new StudioError({ code: 'bad-data', message: `invalid network; ${rule}` })
  let bytes: Uint8Array<ArrayBuffer>
  try {
    bytes = fromBase64(theta)
  } catch {
    throw refuse('its weights are not in base64')
  }
  if (bytes.length !== wanted * 4) throw refuse(`it has ${bytes.length / 4} weights instead of ${wanted}`)
  const weights = new Float32Array(bytes.buffer)
  if (!weights.every(Number.isFinite)) throw refuse('a weight is not finite')
  return weights
}
