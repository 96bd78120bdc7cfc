import { describe, expect, it } from 'vitest'
import { estimators } from '../../../src/core/estimators/registry.ts'
import { factsInWords, paramsInWords } from '../../../src/ui/run-words.ts'

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
  it('gives every parameter of every estimator, defaults included, without a word of code', () => {
    for (const estimator of estimators.all) {
      const words = paramsInWords({ id: estimator.id, params: {} })
      expect(words.map((word) => word.name)).toEqual(Object.values(estimator.params).map((param) => param.label))
      Object.values(estimator.params).forEach((param, i) => {
        if (param.kind === 'choice') expect(param.options.map((option) => option.label)).toContain(words[i]?.value)
      })
    }
  })
})
