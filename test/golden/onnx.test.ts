/**
 * Each graph's SHA-256 beside the verdict of onnx's checker (onnx_graphs.py). A changed graph has no verdict:
 * `npm run golden`, or onnx_graphs.py alone, asks the checker again. With ONNX_GRAPHS set, writes the graphs there.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { sha256 } from '../../src/core/ids.ts'
import { expectConsole } from '../support/fail-on-console.ts'
import { graphOf, onnxCases } from '../support/onnx-cases.ts'
import golden from './onnx.json' with { type: 'json' }

const folder = process.env['ONNX_GRAPHS']
const verdicts = new Map(golden.graphs.map(({ name, ...verdict }) => [name, verdict]))

// What tfjs says when it wakes up in Node.
beforeEach(() => expectConsole(/TensorFlow\.js in Node|Platform node has already been set/))

test.each(onnxCases)('onnx checks $name', async (item) => {
  const { bytes } = await graphOf(item)
  const hash = await sha256(bytes)
  if (folder) {
    writeFileSync(join(folder, `${hash}.onnx`), bytes)
    writeFileSync(join(folder, `${hash}.txt`), item.name)
    return
  }
  expect(verdicts.get(item.name)).toEqual({ sha256: hash, verdict: 'valid', ir: 8, opsets: expect.arrayContaining(['ai.onnx 17']) })
})

test('no verdict is left of a graph that is gone', () => {
  if (!folder) expect([...verdicts.keys()].sort()).toEqual(onnxCases.map(({ name }) => name).sort())
})
