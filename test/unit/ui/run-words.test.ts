import { describe, expect, it } from 'vitest'
import { estimators } from '../../../src/core/estimators/registry.ts'
import { paramsForTask, paramsWithEffect } from '../../../src/core/params.ts'
import type { Run } from '../../../src/core/run/run.ts'
import { backendInWords, factsInWords, foldOrderInWords, paramsInWords, runChoices } from '../../../src/ui/run-words.ts'

describe('a run in words', () => {
  it('names facts as a person would, and leaves out empty ones and what stands elsewhere', () => {
    const words = factsInWords({ heldBackRows: 40, kernels: 'compiled', backend: 'cpu', stopped: 'no more progress', pairs: [['age', 'fare']], someNewFact: true, nothing: [] } as never)
    expect(words).toEqual([
      { name: 'Rows held back to judge when to stop', value: '40' },
      { name: 'Computed by', value: 'compiled code (WebAssembly)' },
      { name: 'Why it ended', value: 'no more progress' },
      { name: 'Pairs of features', value: 'age × fare' },
      { name: 'Some new fact', value: 'yes' },
    ])
  })
  it('gives every parameter of every estimator that has an effect, defaults included, without a word of code', () => {
    for (const estimator of estimators.all) {
      for (const task of estimator.tasks) {
        const words = paramsInWords({ estimator: { id: estimator.id, params: {} }, target: { column: 'y', task } })
        const table = Object.values(paramsWithEffect(paramsForTask(estimator.params, task), {}))
        expect(words.map((word) => word.name)).toEqual(table.map((param) => param.label))
        table.forEach((param, i) => {
          if (param.kind === 'choice') expect(param.options.map((option) => option.label)).toContain(words[i]?.value)
        })
      }
    }
  })
  it('tells runs of one name apart by their numbers, and says how folds keep to the split', () => {
    const run = (id: string, name: string, sequence: number) => ({ id, name, sequence }) as Run
    expect(runChoices([run('c', 'Ridge', 3), run('b', 'Tree', 2), run('a', 'Ridge', 1)])).toEqual([
      { value: 'c', label: 'Ridge, run 3' },
      { value: 'b', label: 'Tree' },
      { value: 'a', label: 'Ridge, run 1' },
    ])
    const split = { validShare: 0.2, testShare: 0.2, seed: 1 }
    expect(foldOrderInWords({ ...split, strategy: { kind: 'random' } })).toBe('')
    expect(foldOrderInWords({ ...split, strategy: { kind: 'grouped', column: 'person' } })).toBe('rows with the same person in one fold')
    expect(foldOrderInWords({ ...split, strategy: { kind: 'time', column: 'day' } })).toMatch(/^in order of time/)
    expect(foldOrderInWords({ ...split, strategy: { kind: 'column', column: 'part', like: { kind: 'time', column: 'day' } } })).toMatch(/^in order of time/)
  })
  it('leaves out what has no effect on such a target, or beside the other settings', () => {
    const names = (task: 'binary' | 'regression', params: Record<string, string>) => paramsInWords({ estimator: { id: 'hist-gradient-boosting', params }, target: { column: 'y', task } }).map(({ name }) => name)
    expect(names('binary', { loss: 'quantile' })).not.toEqual(expect.arrayContaining(['Loss of numbers']))
    expect(names('binary', { loss: 'quantile' })).not.toContain('Quantile')
    expect(names('binary', {})).toContain('Class weights')
    expect(names('regression', {})).not.toContain('Class weights')
    expect(names('regression', {})).not.toContain('Quantile')
    expect(names('regression', { loss: 'quantile' })).toContain('Quantile')
    expect(names('regression', { earlyStopping: 'off' })).not.toContain('Patience')
  })
})

it('of a model on a pretrained network both say where they ran', () => {
  const run = (step: string, userAgent = 'Mozilla/5.0') => ({ environment: { backend: 'wasm', threads: 2, userAgent }, spec: { recipe: { steps: [{ step }] } } }) as never
  expect(backendInWords(run('image-pixels'))).toBe('WebAssembly, 2 threads')
  for (const step of ['image-embedding', 'own-embedding']) expect(backendInWords(run(step))).toBe('WebAssembly, 2 threads; the pretrained network: WebAssembly (ONNX Runtime)')
  expect(backendInWords(run('own-embedding', 'node 22.1.0'))).toMatch(/; the pretrained network: ONNX Runtime$/)
})
