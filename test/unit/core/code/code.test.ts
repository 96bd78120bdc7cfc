/** Readable code is run and held against the model: JavaScript here, Python, C and SQLite where they are installed. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { treesPart } from '../../../../src/core/code/parts/trees.ts'
import { codePlan, type CodePlan } from '../../../../src/core/code/plan.ts'
import { planners } from '../../../../src/core/code/planners.ts'
import { number } from '../../../../src/core/code/text.ts'
import { codeEndings, codeLanguages, languagesOf, modelCode, sqlRefusal, type CodeLanguage } from '../../../../src/core/code/write.ts'
import type { Matrix } from '../../../../src/core/data/matrix.ts'
import type { Task } from '../../../../src/core/data/target.ts'
import { estimators } from '../../../../src/core/estimators/registry.ts'
import type { TreeModel } from '../../../../src/core/estimators/tree/head.ts'
import { TreesBuilder, type Trees } from '../../../../src/core/estimators/tree/tree.ts'
import { applyRecipe } from '../../../../src/core/recipe/recipe.ts'
import { graphOf, quickParams } from '../../../support/onnx-cases.ts'
import { firstFar } from '../../../support/expect-all-close.ts'

const folder = mkdtempSync(join(tmpdir(), 'glasshouse-code-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const has = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0
const python = has('python3', '--version')
const compiler = has('cc', '--version')
const sqlite = python && has('python3', '-c', 'import sqlite3; sqlite3.connect(":memory:").execute("SELECT EXP(1)")')

interface Case {
  readonly name: string
  readonly estimator: string
  readonly plan: CodePlan
  readonly rows: readonly (readonly number[])[]
  readonly wanted: Float64Array
}
const cases: Case[] = []
const most = 80

async function made(estimator: string, task: Task): Promise<Case> {
  const { dataset, result } = await graphOf({ name: '', estimator, task })
  const X: Matrix = applyRecipe(result.pipeline.recipe, dataset.columns, Uint32Array.from({ length: most }, (_, row) => row))
  const { model } = result.pipeline
  const prediction = await model.predict(X)
  const rows = Array.from({ length: X.rows }, (_, row) => X.features.map(({ values }) => values[row] as number))
  return { name: `${estimator}-${task}`, estimator, plan: codePlan(model, X.features.map(({ name }) => name)), rows, wanted: prediction.task === 'regression' ? prediction.values : prediction.probabilities }
}
/** Splits as no number has them: there against missing (infinite thresholds), a number that C has no integer for. One tree a split, each answers a power of two. */
const openSplits = [
  { threshold: Number.POSITIVE_INFINITY, missingLeft: false },
  { threshold: Number.POSITIVE_INFINITY, missingLeft: true },
  { threshold: Number.NEGATIVE_INFINITY, missingLeft: true },
  { threshold: Number.NEGATIVE_INFINITY, missingLeft: false },
  { threshold: Math.fround(1e20), missingLeft: true },
  { threshold: Math.fround(-0.1), missingLeft: false },
]
const openTrees = ((): Trees => {
  const builder = new TreesBuilder(1, 1)
  openSplits.forEach((split, i) => {
    const [root, left, right] = [builder.addNode(2, [0]), builder.addNode(1, [2 ** i]), builder.addNode(1, [0])]
    builder.split(root, { feature: i % 2, gain: 1, ...split }, left, right)
    builder.endTree()
  })
  return builder.build()
})()
const someNumbers = [Number.NaN, 0, -3, Math.fround(-0.1), Math.fround(1e20), Math.fround(3e38), Math.fround(-3e38)]
const openRows = someNumbers.flatMap((a) => someNumbers.map((b) => [a, b]))
const answerOfOpen = (row: readonly number[]): number =>
  openSplits.reduce((sum, { threshold, missingLeft }, i) => {
    const x = row[i % 2] as number
    return sum + ((Number.isNaN(x) ? missingLeft : x <= threshold) ? 2 ** i : 0)
  }, 0)

beforeAll(async () => {
  Object.assign(quickParams, { 'random-forest': { nEstimators: 40 }, 'extra-trees': { nEstimators: 70 } })
  for (const { id, tasks } of estimators.all) if (planners.has(id)) for (const task of tasks) cases.push(await made(id, task))
  for (const [name, part] of [['open-conditions', treesPart(openTrees)], ['open-tables', treesPart(openTrees, 0)]] as const) {
    cases.push({ name, estimator: 'decision-tree', plan: { features: ['a', 'b'], classes: [], base: [0], parts: [part], link: 'value' }, rows: openRows, wanted: Float64Array.from(openRows, answerOfOpen) })
  }
  // The walk through tables, which larger forests take, with sets of categories and missing values.
  for (const task of ['binary', 'multiclass', 'regression'] as const) {
    const { result } = await graphOf({ name: '', estimator: 'hist-gradient-boosting', task })
    const written = cases.find(({ name }) => name === `hist-gradient-boosting-${task}`) as Case
    cases.push({ ...written, name: `tables-${task}`, plan: { ...written.plan, parts: [treesPart((result.pipeline.model as TreeModel).trees, 0)] } })
  }
}, 60_000)

// Sums in double, in the model's order or nearly: rounding alone; a network adds in float32.
const hold = ({ name, estimator, wanted }: Case, got: readonly number[]): void => expect(firstFar(got, wanted, { absolute: estimator === 'mlp' ? 1e-4 : 1e-9, relative: estimator === 'mlp' ? 1e-6 : 1e-12 }), name).toBeUndefined()
const those = (language: CodeLanguage): Case[] => cases.filter(({ plan }) => languagesOf(plan).includes(language))
const fileOf = (language: CodeLanguage, own: Case, extra = ''): string => {
  const path = join(folder, `${own.name}.${codeEndings[language]}`)
  writeFileSync(path, modelCode(own.plan, language) + extra)
  return path
}
const run = (command: string, args: readonly string[], input = ''): string => {
  const { status, stdout, stderr } = spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 2 ** 28 })
  expect(status, stderr.slice(0, 2000)).toBe(0)
  return stdout
}
const asJson = (rows: readonly (readonly number[])[]): (number | null)[][] => rows.map((row) => row.map((value) => (Number.isNaN(value) ? null : value)))

describe('what is written answers as the model', () => {
  test('every model of tables has code', () => expect(estimators.all.filter(({ id }) => !planners.has(id)).map(({ id }) => id)).toEqual(estimators.all.filter(({ id }) => id === 'cnn').map(({ id }) => id)))
  test('JavaScript', async () => {
    for (const own of those('javascript')) {
      const { predict } = (await import(/* @vite-ignore */ fileOf('javascript', own))) as { predict: (x: readonly number[]) => number | number[] }
      hold(own, own.rows.flatMap((row) => predict(row)))
    }
  })
  test.skipIf(!python)('Python', () => {
    const own = those('python')
    const script = 'import json, runpy, sys\nout = []\nfor path, rows in json.load(sys.stdin):\n    predict = runpy.run_path(path)["predict"]\n    answers = [predict([float("nan") if v is None else v for v in row]) for row in rows]\n    out.append([v for a in answers for v in (a if isinstance(a, list) else [a])])\nprint(json.dumps(out))\n'
    const answers = JSON.parse(run('python3', ['-c', script], JSON.stringify(own.map((one) => [fileOf('python', one), asJson(one.rows)])))) as number[][]
    own.forEach((one, i) => hold(one, answers[i] as number[]))
  })
  test.skipIf(!compiler)('C', () => {
    // Ridge stands for its family. Each program under a name of its own, in one executable.
    const own = those('c').filter(({ estimator }) => !['lasso', 'elastic-net', 'linear-regression'].includes(estimator))
    const calls: string[] = []
    const paths = own.map((one, i) => {
      const k = Math.max(1, one.plan.classes.length)
      const data = one.rows.map((row) => `{${row.map((value) => (Number.isNaN(value) ? 'NAN' : `${number(value)}f`)).join(',')}}`).join(',')
      calls.push(`void run_${i}(void); run_${i}();`)
      return fileOf('c', one, `\n#include <stdio.h>\nstatic const float data[${one.rows.length}][${one.plan.features.length}] = {${data}};\nvoid run_${i}(void) {\n  for (int r = 0; r < ${one.rows.length}; r++) {\n    double out[${k}];\n    predict(data[r], out);\n    for (int i = 0; i < ${k}; i++) printf("%.17g ", out[i]);\n  }\n  printf("\\n");\n}\n`)
    })
    paths.forEach((path, i) => run('cc', ['-O0', '-Wall', '-Werror', '-Wno-unused', `-Dpredict=predict_${i}`, '-c', '-o', `${path}.o`, path]))
    const main = join(folder, 'main.c')
    writeFileSync(main, `int main(void) {\n${calls.join('\n')}\nreturn 0;\n}\n`)
    run('cc', ['-o', join(folder, 'main'), main, ...paths.map((path) => `${path}.o`), '-lm'])
    const lines = run(join(folder, 'main'), []).trim().split('\n')
    own.forEach((one, i) => hold(one, (lines[i] as string).trim().split(' ').map(Number)))
  })
  test.skipIf(!sqlite)('SQL', () => {
    const own = those('sql')
    const script = 'import json, sqlite3, sys\nout = []\nfor sql, rows in json.load(sys.stdin):\n    db = sqlite3.connect(":memory:")\n    n = len(rows[0])\n    db.execute("CREATE TABLE features (id INTEGER PRIMARY KEY, " + ", ".join(f"f{i + 1} REAL" for i in range(n)) + ")")\n    db.executemany("INSERT INTO features VALUES (" + ", ".join("?" * (n + 1)) + ")", [[i] + [v if v is None else float(v) for v in row] for i, row in enumerate(rows)])\n    out.append([v for row in sorted(db.execute(sql).fetchall()) for v in row[1:]])\nprint(json.dumps(out))\n'
    const answers = JSON.parse(run('python3', ['-c', script], JSON.stringify(own.map((one) => [modelCode(one.plan, 'sql'), asJson(one.rows)])))) as number[][]
    own.forEach((one, i) => hold(one, answers[i] as number[]))
  })
  test('loops stand in the three languages that have them; rows of training are announced', () => {
    const without = [...new Set(cases.filter(({ plan }) => !languagesOf(plan).includes('sql')).map(({ estimator }) => estimator))]
    expect(without.sort()).toEqual(['k-neighbors', 'mlp', 'svm'])
    const reasonOf = (id: string): string => cases.flatMap(({ estimator, plan }) => (estimator === id ? (sqlRefusal(plan) ?? []) : []))[0] as string
    // Large forests are walked by a query.
    expect(cases.filter(({ plan }) => languagesOf(plan).includes('sql') && modelCode(plan, 'sql').includes('WITH RECURSIVE')).map(({ estimator }) => estimator)).toContain('random-forest')
    expect(reasonOf('k-neighbors')).toMatch(/; models that compare with rows they keep are not written in SQL: \d+ rows$/)
    expect(reasonOf('mlp')).toMatch(/; networks are not written in SQL, .*: \d+ weights$/)
    for (const { plan, estimator } of cases) expect(modelCode(plan, 'python').includes('IT CONTAINS ROWS OF THE TRAINING DATA')).toBe(estimator === 'k-neighbors' || estimator === 'svm')
    expect(codeLanguages.length).toBe(4)
  })
})

test('every program names its classes in their order, whole, whatever they are called', () => {
  const classes = ['a', 'b', '*/ c', 'd\ne', 'é', `${'x'.repeat(200)}`]
  const plan: CodePlan = { features: [`${'y'.repeat(115)}\\\\`, 'b'], classes, base: [0, 0, 0, 0, 0, 0], parts: [], link: 'softmax' }
  const named = `"a", "b", "* / c", "d\\ne", "\\u00e9", "${'x'.repeat(115)}..."`
  for (const language of codeLanguages) {
    const lines = modelCode(plan, language).split('\n')
    const comment = { javascript: '//', python: '#', c: '//', sql: '--' }[language]
    expect(lines[1], language).toBe(`${comment} Answers probabilities, in this order: ${named}.`)
    // A comment of C that ends in a backslash takes the next line with it.
    expect(lines.filter((line) => line.endsWith('\\')), language).toEqual([])
  }
})

test('a model without such a form, or too large a one, is refused by name', async () => {
  const { result } = await graphOf({ name: '', estimator: 'ridge', task: 'regression' })
  const { model, recipe } = result.pipeline
  expect(() => codePlan({ ...model, estimator: 'unheard-of' }, [])).toThrow(/^unsupported model; readable code is written for .*: unheard-of$/)
  expect(() => codePlan(model, recipe.features.map(({ name }) => name), 3)).toThrow(/^unsupported size; readable code ends at 3 numbers: \d+$/)
})
