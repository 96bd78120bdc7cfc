/** Several models at once: a queue that is seen, reordered, held back, and offered again after a reload. */
import AxeBuilder from '@axe-core/playwright'
import { chooseTarget, expect, goTo, openSample, test } from './studio.ts'

test('several models wait in a queue that can be moved, paused and cancelled, and a reload loses none', async ({ studio }) => {
  await openSample(studio, 'German credit')
  await chooseTarget(studio, 'credit_risk')
  await goTo(studio, 'Train')
  // Something that lasts, so that the others wait.
  await studio.getByRole('radio', { name: 'Random forest' }).check()
  await studio.getByRole('textbox', { name: 'Trees' }).fill('2000')
  const folds = studio.getByRole('combobox', { name: 'Cross-validation' })
  await folds.selectOption('10')
  await studio.getByRole('button', { name: 'Train random forest' }).click()
  await folds.selectOption('0')
  await studio.getByRole('button', { name: 'Queue several' }).click()
  const several = studio.getByRole('dialog', { name: 'Queue several' })
  for (const name of ['Logistic regression', 'Decision tree', 'Gaussian naive Bayes']) await several.getByRole('checkbox', { name }).check()
  await several.getByRole('button', { name: 'Train 3 models' }).click()

  const bar = studio.getByRole('contentinfo', { name: 'Status' })
  const queue = studio.getByRole('dialog', { name: 'Queue' })
  await bar.getByRole('button', { name: '3 wait' }).click()
  await expect(queue.getByRole('progressbar')).toHaveCount(1)
  const order = () => queue.getByRole('listitem').evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-label')))
  expect(await order()).toEqual(['Train logistic regression', 'Train decision tree', 'Train gaussian naive Bayes'])
  await queue.getByRole('button', { name: 'Move Train gaussian naive Bayes up' }).click()
  await expect.poll(order).toEqual(['Train logistic regression', 'Train gaussian naive Bayes', 'Train decision tree'])
  // With the keyboard the focus goes along.
  await queue.getByRole('button', { name: 'Move Train gaussian naive Bayes up' }).press('Alt+ArrowUp')
  await expect.poll(order).toEqual(['Train gaussian naive Bayes', 'Train logistic regression', 'Train decision tree'])
  await expect(queue.getByRole('listitem', { name: 'Train gaussian naive Bayes' }).locator(':focus')).toHaveCount(1)
  await queue.getByRole('button', { name: 'Cancel Train decision tree' }).click()
  await queue.getByRole('button', { name: 'Pause' }).click()
  await studio.keyboard.press('Escape')
  // Held back, whatever ends, on every page.
  await bar.getByRole('group', { name: 'Train random forest' }).getByRole('button', { name: 'Cancel' }).click()
  await goTo(studio, 'Data')
  await bar.getByRole('button', { name: 'Paused, 2 wait' }).click()
  await expect(queue.getByRole('button', { name: 'Resume' })).toBeVisible()
  expect((await new AxeBuilder({ page: studio }).analyze()).violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])

  await studio.reload()
  await goTo(studio, 'Train')
  const left = studio.getByRole('region', { name: 'What waited in the queue' })
  await expect(left).toContainText('Gaussian naive Bayes, Logistic regression')
  await left.getByRole('button', { name: 'Queue again' }).click()
  await expect(studio.getByRole('row', { name: /Gaussian naive Bayes.*Done/ })).toHaveCount(1)
  await expect(studio.getByRole('row', { name: /Logistic regression.*Done/ })).toHaveCount(1)
  await expect(left).toHaveCount(0)
  await studio.reload()
  await expect(studio.getByRole('row', { name: /Logistic regression.*Done/ })).toHaveCount(1)
  await expect(left).toHaveCount(0)
})
