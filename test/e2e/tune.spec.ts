/** A search for settings, from the space to the run that was found; and folds that rank the board. */
import { chooseTarget, expect, goTo, openSample, test, trainModel } from './studio.ts'

test('settings are searched for, and the best of them are trained', async ({ studio }) => {
  await openSample(studio, 'Palmer penguins')
  await chooseTarget(studio, 'species')
  // What a search costs is told before anything was trained.
  await goTo(studio, 'Train')
  await studio.getByRole('radio', { name: /^Logistic regression/ }).check({ force: true })
  await studio.getByText('Search for better settings').click()
  await expect(studio.getByText(/20 trials, 60 trainings, about .+ on \d+ cores?\./)).toBeVisible()
  await expect(studio.getByText(/Needs up to .+ of memory/)).toBeVisible()
  await trainModel(studio, 'Logistic regression')
  await expect(studio.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible()
  await studio.getByRole('textbox', { name: 'Trials' }).fill('12')
  await studio.getByRole('textbox', { name: 'Trials' }).press('Enter')
  await expect(studio.getByText(/12 trials, 36 trainings, about/)).toBeVisible()
  await studio.getByRole('button', { name: 'Search', exact: true }).click()
  const trials = studio.getByRole('region', { name: 'All trials' })
  await expect(trials.getByRole('row')).toHaveCount(13)
  await expect(studio.getByRole('img', { name: /Each trial as a line/ }).locator('path')).toHaveCount(12)
  await studio.getByRole('button', { name: 'Train the best' }).click()
  await expect(studio.getByRole('row', { name: /Logistic regression.*Done/ })).toHaveCount(2)
  // What was found is still there after a reload, and every trial of it can be trained.
  await studio.reload()
  await studio.getByRole('radio', { name: /^Logistic regression/ }).check({ force: true })
  await expect(trials.getByRole('row')).toHaveCount(13)
  await expect(trials.getByRole('button', { name: 'Train this one' }).first()).toBeEnabled()
  // Two runs of one family over five folds: whichever leads, the other cannot be told apart.
  await goTo(studio, 'Evaluate')
  await expect(studio.getByText(/Ranked by the mean over 5 folds/)).toBeVisible()
  await expect(studio.getByRole('cell', { name: '1=' })).toHaveCount(2)
  // Folds judge every row that is not sealed: 60 and 20 of each 100.
  await studio.getByRole('link', { name: /Logistic regression/ }).first().click()
  await studio.getByRole('radio', { name: /^Out of fold/ }).check({ force: true })
  await expect(studio.getByText('judged on 275 rows out of fold')).toBeVisible()
})
