/** What an estimator has besides its own file: a golden file by another library, a bench row, and a graph that onnx's checker accepted. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { estimators } from '../../src/core/estimators/registry.ts'

const textsOf = (folder: string, ends: string): string[] => {
  const root = new URL(`../${folder}/`, import.meta.url)
  return readdirSync(root)
    .filter((name) => name.endsWith(ends))
    .map((name) => readFileSync(new URL(name, root), 'utf8'))
}
const golden = [...textsOf('golden', '.test.ts'), ...textsOf('golden', '.py')]
const benches = textsOf('bench/cases', '.ts')
const { graphs } = JSON.parse(readFileSync(new URL('../golden/onnx.json', import.meta.url), 'utf8')) as { graphs: { name: string; verdict: string }[] }

describe.each(estimators.all.filter(({ tags }) => !tags.baseline).map(({ id }) => id))('%s', (id) => {
  /** Takes the estimator from its file or by its name. */
  const names = (text: string): boolean => text.includes(`/${id}.ts'`) || text.includes(`'${id}'`) || text.includes(`"${id}"`)
  test('is held against another library', () => expect(golden.some(names)).toBe(true))
  test('is timed', () => expect(benches.some((text) => text.includes(`/${id}.ts'`))).toBe(true))
  test('has a graph that the checker accepted', () => {
    const own = graphs.filter(({ name }) => name.split(', ')[0] === id)
    expect(own.length).toBeGreaterThan(0)
    for (const { verdict } of own) expect(verdict).toBe('valid')
  })
})
