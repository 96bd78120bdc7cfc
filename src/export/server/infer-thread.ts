/** What one thread of the pool does: holds a session and answers. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Signature } from '../../core/bundle/signature.ts'
import { nodeRunner } from '../../core/onnx/runner-node.ts'
import { StudioError } from '../../core/errors.ts'
import { openPictureFile } from './picture.ts'
import { answer } from '../../core/onnx/runner.ts'
import type { WorkerReply, WorkerRequest } from './pool.ts'

export async function inferThread(): Promise<void> {
  const { model, signature } = workerData as { model: Uint8Array<ArrayBuffer>; signature: Signature }
  const send = (reply: WorkerReply): void => parentPort?.postMessage(reply)
  const session = await nodeRunner().open(model)
  parentPort?.on('message', ({ feeds, rows }: WorkerRequest) => {
    answer(session, signature, feeds, rows, openPictureFile, () => send({ alive: true })).then(
      (served) => send({ answer: served }),
      (error: unknown) => send({ failure: error instanceof Error ? error.message : String(error), asked: error instanceof StudioError && error.code === 'bad-data' }),
    )
  })
  send({ ready: true })
}
