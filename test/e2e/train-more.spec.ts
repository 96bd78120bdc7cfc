/** More rounds on top of a finished run: a run of its own. */
import { chooseTarget, expect, goTo, openSample, test } from './studio.ts'

test('a boosted run goes on with more rounds', async ({ studio }) => {
  await openSample(studio, 'Palmer penguins')
  await chooseTarget(studio, 'species')
  await goTo(studio, 'Train')
  await studio.getByRole('radio', { name: 'Gradient boosting', exact: true }).check()
  await studio.getByRole('button', { name: /^train gradient/i }).last().click()
  const done = studio.getByRole('row', { name: /Gradient boosting.*Done/ })
  await done.first().click()
  await studio.getByRole('textbox', { name: 'More rounds' }).or(studio.getByRole('spinbutton', { name: 'More rounds' })).first().fill('15')
  await studio.getByRole('button', { name: 'Add rounds' }).click()
  await expect(done).toHaveCount(2)
  // The newer one is open, and told what it went on from.
  await expect(studio.getByRole('region', { name: 'Gradient boosting', exact: true })).toContainText(/Went on from\s*Gradient boosting/)
})
