/** ONNX Runtime of a worker, loaded when a graph is first to be run. */
import type { Context } from '../core/context.ts'
import type { OnnxRunner } from '../core/onnx/runner.ts'

export const webRunner = async (context: Context): Promise<OnnxRunner> => (await import('../core/onnx/runner-web.ts')).webRunner(context)
