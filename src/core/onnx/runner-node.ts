/** ONNX Runtime in plain Node: the terminal and tests. */
import { InferenceSession, Tensor, env } from 'onnxruntime-node'
import { ortRunner, type Ort } from './runner-ort.ts'
import type { OnnxRunner } from './runner.ts'

// Its builds for Linux keep an id of the machine under ~/.cache and report to Microsoft. They ask when the first session
// is opened, and see only what the main thread has set: a server's main thread loads this file for its threads.
process.env['ORT_DISABLE_TELEMETRY'] = '1'

export const nodeRunner = (): OnnxRunner => ortRunner({ InferenceSession, Tensor } as unknown as Ort, `onnxruntime-node ${env.versions.node ?? ''}`.trim())
