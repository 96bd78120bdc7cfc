/** ONNX Runtime in plain Node: the terminal and tests. */
import { InferenceSession, Tensor, env } from 'onnxruntime-node'
import { ortRunner, type Ort } from './runner-ort.ts'
import type { OnnxRunner } from './runner.ts'

export const nodeRunner = (): OnnxRunner => ortRunner({ InferenceSession, Tensor } as unknown as Ort, `onnxruntime-node ${env.versions.node ?? ''}`.trim())
