/** onnxruntime-web in a worker answers a graph as the studio does: the runner that exports use in the page. */
import { describe, expect, it } from 'vitest'
import type { WorkerAnswer } from './support/onnx.worker.ts'

describe('onnxruntime-web in a worker', () => {
  it.each(['binary', 'multiclass', 'regression'] as const)('%s: labels, strings, dates and probabilities equal the studio', async (task) => {
    const worker = new Worker(new URL('./support/onnx.worker.ts', import.meta.url), { type: 'module' })
    try {
      const answer = await new Promise<WorkerAnswer>((resolve, reject) => {
        worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => resolve(data)
        worker.onerror = (event) => reject(new Error(event.message))
        worker.postMessage(task)
      })
      if ('failure' in answer) throw new Error(answer.failure)
      expect(answer.certificate).toMatchObject({ rows: 72, labelsDifferent: 0, passed: true })
      expect(answer.certificate.runtime).toMatch(/^onnxruntime-web 1\./)
      expect(answer.goldenRows).toBeGreaterThan(20)
      expect(answer.goldenProblem).toBeNull()
    } finally {
      worker.terminate()
    }
  })
})
