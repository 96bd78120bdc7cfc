/** Readable code is run and held against the model: JavaScript here, Python, C and SQLite where they are installed. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { codePlan } from '../../../../src/core/code/plan.ts'
import { modelCode } from '../../../../src/core/code/write.ts'
import type { Matrix } from '../../../../src/core/data/matrix.ts'
import type { Task } from '../../../../src/core/data/target.ts'
import { applyRecipe } from '../../../../src/core/recipe/recipe.ts'
import { graphOf } from '../../../support/onnx-cases.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'

const folder = mkdtempSync(join(tmpdir(), 'glasshouse-code-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const has = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0
const python = has('python3', '--version')
const compiler = has('cc', '--version')
const sqlite = python && has('python3', '-c', 'import sqlite3; sqlite3.connect(":memory:").execute("SELECT EXP(1)")')

const cases: readonly (readonly [estimator: string, task: Task])[] = [['ridge', 'regression'], ['logistic-regression', 'binary'], ['logistic-regression', 'multiclass'], ['decision-tree', 'binary'], ['decision-tree', 'regression'], ['hist-gradient-boosting', 'binary'], ['hist-gradient-boosting', 'multiclass'], ['hist-gradient-boosting', 'regression']]

const known = new Map<string, ReturnType<typeof make>>()
function made(estimator: string, task: Task) {
  const key = `${estimator} ${task}`
  const found = known.get(key) ?? make(estimator, task)
  known.set(key, found)
  return found
}
async function make(estimator: string, task: Task) {
  const { dataset, result } = await graphOf({ name: '', estimator, task })
  const X: Matrix = applyRecipe(result.pipeline.recipe, dataset.columns, Uint32Array.from({ length: dataset.rows }, (_, row) => row))
  const { model } = result.pipeline
  const prediction = await model.predict(X)
  const wanted = prediction.task === 'regression' ? prediction.values : prediction.probabilities
  const rows = Array.from({ length: X.rows }, (_, row) => X.features.map(({ values }) => values[row] as number))
  return { plan: codePlan(model, X.features.map(({ name }) => name)), rows, wanted }
}
const run = (command: string, args: readonly string[], input: string): number[] => {
  const { status, stdout, stderr } = spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 2 ** 26 })
  expect(status, stderr).toBe(0)
  return (JSON.parse(stdout) as number[][]).flat()
}
const asJson = (rows: readonly (readonly number[])[], missing: string): string => `[${rows.map((row) => `[${row.map((value) => (Number.isNaN(value) ? missing : String(value))).join(',')}]`).join(',')}]`
// Sums in double, in the model's order or nearly: rounding alone.
const close = { absolute: 1e-9 }

describe.each(cases)('%s, %s', (estimator, task) => {
  test('JavaScript', async () => {
    const { plan, rows, wanted } = await made(estimator, task)
    const path = join(folder, `${estimator}-${task}.mjs`)
    writeFileSync(path, modelCode(plan, 'javascript'))
    const { predict } = (await import(/* @vite-ignore */ path)) as { predict: (x: readonly number[]) => number | number[] }
    expectAllClose(Float64Array.from(rows.flatMap((row) => predict(row))), wanted, close)
  })
  test.skipIf(!python)('Python', async () => {
    const { plan, rows, wanted } = await made(estimator, task)
    const script = `${modelCode(plan, 'python')}\nimport json, sys\nout = [predict([float("nan") if v is None else v for v in row]) for row in json.load(sys.stdin)]\nprint(json.dumps([v if isinstance(v, list) else [v] for v in out]))\n`
    const path = join(folder, `${estimator}-${task}.py`)
    writeFileSync(path, script)
    expectAllClose(Float64Array.from(run('python3', [path], asJson(rows, 'null'))), wanted, close)
  })
  test.skipIf(!compiler)('C', async () => {
    const { plan, rows, wanted } = await made(estimator, task)
    const k = Math.max(1, plan.classes.length)
    const data = rows.map((row) => `{${row.map((value) => (Number.isNaN(value) ? 'NAN' : `${Number.isInteger(value) ? `${value}.0` : value}f`)).join(',')}}`).join(',')
    const source = `${modelCode(plan, 'c')}\n#include <stdio.h>\nstatic const float data[${rows.length}][${plan.features.length}] = {${data}};\nint main(void) {\n  printf("[");\n  for (int r = 0; r < ${rows.length}; r++) {\n    double out[${k}];\n    predict(data[r], out);\n    printf(r ? ",[" : "[");\n    for (int i = 0; i < ${k}; i++) printf(i ? ",%.17g" : "%.17g", out[i]);\n    printf("]");\n  }\n  printf("]");\n  return 0;\n}\n`
    const path = join(folder, `${estimator}-${task}`)
    writeFileSync(`${path}.c`, source)
    const built = spawnSync('cc', ['-O1', '-Wall', '-Werror', '-Wno-unused', '-o', path, `${path}.c`, '-lm'], { encoding: 'utf8' })
    expect(built.status, built.stderr).toBe(0)
    expectAllClose(Float64Array.from(run(path, [], '')), wanted, close)
  })
  test.skipIf(!sqlite)('SQL', async () => {
    const { plan, rows, wanted } = await made(estimator, task)
    const script = `import json, sqlite3, sys\nsql, rows = json.load(sys.stdin)\ndb = sqlite3.connect(":memory:")\nn = len(rows[0])\ndb.execute("CREATE TABLE features (id INTEGER PRIMARY KEY, " + ", ".join(f"f{i + 1} REAL" for i in range(n)) + ")")\ndb.executemany("INSERT INTO features VALUES (" + ", ".join("?" * (n + 1)) + ")", [[i] + row for i, row in enumerate(rows)])\nprint(json.dumps([list(row)[1:] for row in sorted(db.execute(sql).fetchall())]))\n`
    const path = join(folder, 'sql.py')
    writeFileSync(path, script)
    expectAllClose(Float64Array.from(run('python3', [path], `[${JSON.stringify(modelCode(plan, 'sql'))},${asJson(rows, 'null')}]`)), wanted, close)
  })
})

test('a model without such a form is refused by name', async () => {
  const { result } = await graphOf({ name: '', estimator: 'baseline', task: 'binary' })
  expect(() => codePlan(result.pipeline.model, [])).toThrow('unsupported model; readable code is written for linear models, decision trees and gradient boosting: baseline')
})
