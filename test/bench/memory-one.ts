/** One fit in a process of its own: what its peak adds to what the rows themselves take, in bytes. Words: estimator, task, rows, features, parameters as JSON. */
import { readFileSync, writeFileSync } from 'node:fs'
import { estimators } from '../../src/core/estimators/registry.ts'
import { checkParams } from '../../src/core/params.ts'
import type { Task } from '../../src/core/data/target.ts'
import { nodeContext } from '../support/node-context.ts'
import { matrixOf, targetFor } from '../support/tables.ts'

const [id = '', task = '', rows = '', features = '', params = '{}'] = process.argv.slice(2)
const status = (name: string): number => Number(/\d+/.exec(readFileSync('/proc/self/status', 'utf8').split('\n').find((line) => line.startsWith(name)) ?? '0')?.[0]) * 1024

const estimator = estimators.get(id)
const fit = (count: number) => {
  const X = matrixOf({ rows: count, features: Number(features), nonNegative: true })
  const y = targetFor(task as Task, X)
  return { X, run: () => estimator.fit(X, y, { params: checkParams(id, estimator.params, JSON.parse(params)) as never, seed: 1 }, nodeContext()) }
}
// The code is compiled, and what it keeps for ever is there.
await fit(500).run()
const { run } = fit(Number(rows))
globalThis.gc?.()
// From here on the mark starts anew.
writeFileSync('/proc/self/clear_refs', '5')
const before = status('VmRSS')
await run()
process.stdout.write(String(status('VmHWM') - before))
process.exit(0)
