/** A model that another tool trained: opened against the data, judged, and asked what-if. */
import foreign from '../golden/foreign.json' with { type: 'json' }
import { chooseTarget, expect, goTo, test } from './studio.ts'

const given = foreign.cases.find(({ name }) => name.startsWith('a pipeline with one input a column'))
const rows = Array.from({ length: 240 }, (_, row) => {
  const place = ['hill', 'shore', 'town'][row % 3] as string
  const size = ((row * 37) % 101) / 25 - 2
  return { place, size, answer: size > 0 !== (place === 'shore') ? 'yes' : 'no' }
})

test('an ONNX file is brought in, judged and questioned; a strange one is refused by name', async ({ studio }) => {
  await studio.locator('input[type=file]').first().setInputFiles({ name: 'shore.csv', mimeType: 'text/csv', buffer: Buffer.from(`place,size,answer\n${rows.map(({ place, size, answer }) => `${place},${size.toFixed(2)},${answer}`).join('\n')}\n`) })
  await studio.getByRole('button', { name: /^import/i }).first().click()
  await expect(studio.getByRole('grid')).toBeVisible()
  await chooseTarget(studio, 'answer')
  await goTo(studio, 'Train')
  await studio.getByRole('button', { name: 'Bring in' }).click()
  const dialog = studio.getByRole('dialog', { name: 'Bring in a model' })
  const file = dialog.getByLabel('ONNX file, bundle or JSON')
  const loop = foreign.hostile.find(({ name }) => name === 'a loop')
  await file.setInputFiles({ name: 'loop.onnx', mimeType: 'application/octet-stream', buffer: Buffer.from(loop?.onnx ?? '', 'base64') })
  await expect(dialog.getByText(/unsupported ONNX file; operator Loop carries a graph inside/i)).toBeVisible()
  await file.setInputFiles({ name: 'pipeline.onnx', mimeType: 'application/octet-stream', buffer: Buffer.from(given?.onnx ?? '', 'base64') })
  // Inputs and classes have the names of the columns, so all is chosen already.
  await expect(dialog.getByLabel('place')).toHaveValue('place')
  await expect(dialog.getByLabel('size')).toHaveValue('size')
  await expect(dialog.getByLabel('Score of yes')).toHaveValue('yes')
  await dialog.getByRole('button', { name: 'Bring in and evaluate' }).click()
  await expect(studio.getByRole('row', { name: /pipeline\.onnx.*Done/ })).toBeVisible()
  await expect(studio.getByText(/pipeline\.onnx was trained elsewhere/)).toBeVisible()
  await goTo(studio, 'Evaluate')
  await expect(studio.getByRole('region', { name: 'Leaderboard' }).getByRole('row', { name: /pipeline\.onnx/ })).toBeVisible()
  await expect(studio.getByRole('region', { name: 'Leaderboard' }).getByRole('row', { name: /Baseline/ })).toBeVisible()
  await goTo(studio, 'Explain')
  // The model's log odds grow with size: what-if asks it through ONNX Runtime.
  await expect(studio.getByText(/probability|Probability/).first()).toBeVisible()
  // No formula opens it, so it is asked what each column gives; the parts follow an edit and add up.
  const why = studio.getByRole('img', { name: /^Why this answer/ })
  await expect(why).toHaveAccessibleName(/The parts add up to the model’s own answer\.$/)
  await expect(studio.getByText(/Shapley values, exact: the model was asked about \d+ rows/)).toBeVisible()
  const before = await why.getAttribute('aria-label')
  await studio.getByRole('textbox', { name: 'size', exact: true }).fill('1.9')
  await expect(why).not.toHaveAccessibleName(before ?? '')
  await expect(why).toHaveAccessibleName(/size moves it most, by \+.*The parts add up to the model’s own answer\.$/)
  // What cannot be built is said before it is asked for.
  await goTo(studio, 'Deploy')
  await expect(studio.getByRole('heading', { name: 'This model was brought in as a file' })).toBeVisible()
  await expect(studio.getByRole('button', { name: 'Check and build' })).toHaveCount(0)
  await studio.getByRole('tab', { name: 'Train elsewhere' }).click()
  await expect(studio.getByText(/its model was brought in as an ONNX file/)).toBeVisible()
})
