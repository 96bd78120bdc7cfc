import { chooseTarget, expect, openSample, test, trainModel } from './studio.ts'

test.use({ serviceWorkers: 'allow' })

test('from a sample to a judged model', async ({ studio }) => {
  await openSample(studio, 'German credit')
  await chooseTarget(studio, 'credit_risk')
  await trainModel(studio, 'Logistic regression')
  await expect(studio.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible()
  await expect(studio.getByRole('row', { name: /Baseline.*Done/ })).toBeVisible()
})
