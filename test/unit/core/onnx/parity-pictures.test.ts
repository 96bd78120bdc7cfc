import { expect, test } from 'vitest'
import type { Signature } from '../../../../src/core/bundle/signature.ts'
import { quietContext } from '../../../../src/core/context.ts'
import { columnFrom } from '../../../../src/core/data/column.ts'
import { checkParity } from '../../../../src/core/onnx/parity.ts'
import type { OnnxSession } from '../../../../src/core/onnx/runner.ts'
import type { Pipeline } from '../../../../src/core/run/pipeline.ts'

/** One pixel whose red level is the row's number, of which graph and studio make the same probability. */
const chance = (row: number): number => Math.fround(row / 256)
const signature = { task: 'binary', classes: ['no', 'yes'], threshold: 0.5, inputs: [{ name: 'image', kind: 'image', tensor: 'uint8', nullable: false }], outputs: [{ name: 'label', tensor: 'string' }, { name: 'probabilities', tensor: 'float' }] } as unknown as Signature
const columns = [columnFrom('image', 'image', Array.from({ length: 100 }, (_, row) => `picture ${row}`))]
const pipeline = {
  model: { estimator: 'logistic-regression' },
  predict: async (_: unknown, rows: ArrayLike<number>) => ({ task: 'binary', classes: signature.classes, probabilities: Float64Array.from(Array.from(rows).flatMap((row) => [1 - chance(row), chance(row)])) }),
} as unknown as Pipeline

async function check(stopping: boolean, wrongRow?: number) {
  const asked: number[] = []
  const session: OnnxSession = {
    async run(feeds) {
      const row = feeds.get('image')?.values[0] as number
      asked.push(row)
      const yes = row === wrongRow ? 0.9 : chance(row)
      return new Map<string, ArrayLike<number> | readonly string[]>([['label', [yes >= 0.5 ? 'yes' : 'no']], ['probabilities', Float32Array.of(1 - yes, yes)]])
    },
    close: async () => {},
  }
  const open = (cell: string) => ({ width: 1, height: 1, channels: 3 as const, data: Uint8Array.of(Number(cell.replace('picture ', '')), 0, 0) })
  const rows = Uint32Array.from({ length: 80 }, (_, i) => i + 20)
  const certificate = await checkParity(session, pipeline, signature, { columns, rows, part: 'validation rows' }, { targetSd: 0, runtime: 'none', open }, quietContext({ stopping: () => stopping }))
  return { certificate, asked }
}

test('every held-out picture is asked, each once', async () => {
  const { certificate, asked } = await check(false)
  expect(certificate).toMatchObject({ rows: 80, part: 'validation rows', labelsEqual: 80, passed: true })
  expect(asked.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 80 }, (_, i) => i + 20))
  // The last of them counts like the first.
  expect((await check(false, asked.at(-1))).certificate).toMatchObject({ rows: 80, labelsDifferent: 1, passed: false })
})
test('a check that is ended early has asked 60, drawn by chance, and says so', async () => {
  const { certificate, asked } = await check(true)
  expect(certificate).toMatchObject({ rows: 60, part: 'validation rows, drawn by chance from 80 because the check was ended early', passed: true })
  expect(new Set(asked).size).toBe(60)
  expect(asked.some((row) => row >= 90) && asked.some((row) => row < 30)).toBe(true)
})
