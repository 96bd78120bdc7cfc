/** A bundle as a server in one file, with the ONNX Runtime of this studio inside. */
import { singleServer } from '../export/single-server.ts'
import type { TaskHandler } from './task.ts'

export const deploySingle: TaskHandler<'deploy/single'> = async ({ zip }, { context }) => {
  const wasm = new Uint8Array(await context.asset('onnxruntime-wasm'))
  await context.checkpoint()
  return { mjs: await singleServer(zip, wasm) }
}
