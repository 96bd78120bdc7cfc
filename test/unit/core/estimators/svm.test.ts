import { expect, it } from 'vitest'
import { quietContext } from '../../../../src/core/context.ts'
import { svm } from '../../../../src/core/estimators/svm.ts'
import { defaultsOf } from '../../../../src/core/params.ts'

function fit(rows: number, classes: number): Promise<unknown> {
  const begun = { ...quietContext(), checkpoint: () => Promise.reject(new Error('it was let in')) }
  const X = { rows, features: [{ name: 'x', source: 'x', values: Float32Array.from({ length: rows }, (_, i) => i % 97) }] }
  const y = { task: 'multiclass', column: 'y', classes: Array.from({ length: classes }, (_, i) => `c${i}`), codes: Int32Array.from({ length: rows }, (_, i) => i % classes) } as const
  return svm.fit(X, y, { params: defaultsOf(svm.params), seed: 1 }, begun)
}

it('refuses more rows, and more pairs of classes on so many rows, than its model could hold', async () => {
  await expect(fit(50_001, 3)).rejects.toThrow('takes at most 50000: 50001')
  // 50,000,000 coefficients at most: 1,000 pairs of 50,000 rows; 45 classes make 990 pairs, 46 make 1,035.
  await expect(fit(50_000, 46)).rejects.toThrow('svm of 50000 rows takes at most 1000 pairs of them: 1035')
  await expect(fit(50_000, 45)).rejects.toThrow('it was let in')
})
