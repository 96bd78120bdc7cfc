/**
 * One walk past every screen of the built app, on real samples, by role and label: the pictures and the
 * accessibility tests look at the same places. The walk leaves a screen as it found it to the eye: what
 * `visit` changes (size, theme, open menus) is its own to put back.
 */
import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { zip } from '../../src/core/zip.ts'
import { laterApplicants } from './new-rows.ts'
import { png } from './pictures.ts'

export type Visit = (screen: string) => Promise<void>
const patience = 60_000

export async function openPage(page: Page, label: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Project' }).getByRole('link', { name: label, exact: true }).click()
}
async function heading(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('heading', { level: 1, name }).waitFor({ timeout: patience })
}
async function sample(page: Page, title: string): Promise<void> {
  await page.getByRole('button', { name: title }).first().click()
  await heading(page, title)
  await page.getByRole('grid').waitFor({ timeout: patience })
  // The heads of the columns wait for the profile.
  await page.getByRole('tab', { name: /Columns/ }).waitFor()
}
async function target(page: Page, column: string): Promise<void> {
  const select = page.getByRole('combobox', { name: 'Column' }).first()
  await select.selectOption((await select.locator('option').filter({ hasText: column }).first().getAttribute('value')) ?? '')
  await page.getByText(/They make .* features? now/).waitFor({ timeout: patience })
}
async function train(page: Page, label: string): Promise<void> {
  await page.getByRole('radio', { name: label }).check()
  await page.getByRole('button', { name: /^train/i }).last().click()
  await page.getByRole('row', { name: new RegExp(`${label.replace(/[()]/g, '.')}.*Done`) }).first().waitFor({ timeout: patience })
}
const shown = (page: Page, name: string | RegExp) => page.getByRole('tab', { name }).click()
const home = (page: Page, url: string) => page.goto(`${url}#/`)

async function startScreens(page: Page, url: string, visit: Visit): Promise<void> {
  await page.goto(url)
  await page.getByRole('button', { name: 'German credit' }).waitFor({ timeout: patience })
  await visit('start')
  await page.getByRole('button', { name: 'Paste' }).click()
  await page.getByRole('textbox').fill('name,weight,kind\nada,3.2,cat\nbo,4.1,dog')
  await visit('paste')
  await page.getByRole('button', { name: 'Cancel' }).click()
}

async function importScreens(page: Page, url: string, visit: Visit): Promise<void> {
  const picker = page.locator('input[type=file]')
  await picker.setInputFiles({ name: 'holiday.csv', mimeType: 'text/csv', buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 0, 255, 254, 0, 0, 7]) })
  await page.getByRole('alert').waitFor({ timeout: patience })
  await visit('unreadable-file')
  await page.getByRole('button', { name: 'Choose something else' }).click()
  await page.getByText('Drop a CSV or TSV file').waitFor()
  await visit('data-empty')
  const text = readFileSync('public/samples/penguins.csv', 'utf8').split('\n')
  text.splice(5, 0, 'Adelie,Torgersen', 'Gentoo,Biscoe,1,2,3,4,5,6,7,8,9,10,11,12')
  await picker.setInputFiles({ name: 'my-penguins.csv', mimeType: 'text/csv', buffer: Buffer.from(text.join('\n')) })
  await page.getByRole('grid').waitFor({ timeout: patience })
  await visit('import-preview')
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await page.getByRole('tab', { name: /Kept out/ }).click({ timeout: patience })
  await visit('kept-out')
  await openPage(page, 'Prepare')
  await target(page, 'body_mass')
  await openPage(page, 'Train')
  await train(page, 'Ridge regression')
  await openPage(page, 'Evaluate')
  await heading(page, 'Evaluate')
  await visit('evaluate-regression')
  await page.getByRole('link', { name: 'Ridge regression' }).first().click()
  await shown(page, 'Residuals')
  await visit('evaluate-residuals')
  await home(page, url)
  await page.getByRole('heading', { name: 'Your projects' }).waitFor({ timeout: patience })
  await visit('start-returning')
}

async function pictureScreens(page: Page, url: string, visit: Visit): Promise<void> {
  const entries = ['red', 'blue'].flatMap((name, k) => Array.from({ length: 12 }, (_, i) => ({ name: `colours/${name}/${i}.png`, bytes: png(24, 24, (x, y) => [k === 0 ? 200 : (x * i) % 60, (y * (i + 2)) % 90, k === 0 ? (x * i) % 60 : 200]) })))
  await page.locator('input[type=file]').setInputFiles({ name: 'colours.zip', mimeType: 'application/zip', buffer: Buffer.from(zip(entries)) })
  await page.getByText('24 pictures in 2 classes').waitFor({ timeout: patience })
  await page.getByRole('option').nth(3).click()
  await page.getByRole('complementary', { name: 'Picture' }).getByRole('img').waitFor()
  await visit('pictures')
  await page.getByRole('button', { name: 'Close inspector' }).click()
  await shown(page, /Quality/)
  await page.getByRole('heading', { name: 'Balance of classes' }).waitFor({ timeout: patience })
  await visit('pictures-quality')
  await openPage(page, 'Train')
  await page.getByRole('combobox', { name: /Cross-validation/ }).selectOption('None')
  await train(page, 'Logistic regression')
  await openPage(page, 'Evaluate')
  await page.getByRole('link', { name: 'Logistic regression' }).first().click()
  await shown(page, 'Errors')
  await page.getByRole('button', { name: /^blue called blue/ }).click()
  await page.getByRole('list', { name: 'Pictures of the chosen cell' }).locator('img[src^="blob:"]').first().waitFor()
  await visit('pictures-cell')
  await home(page, url)
  await page.getByRole('heading', { name: 'Your projects' }).waitFor({ timeout: patience })
}

async function prepareScreens(page: Page, visit: Visit): Promise<void> {
  await sample(page, 'German credit')
  await visit('data-table')
  await page.getByRole('grid').focus()
  await shown(page, /Columns/)
  await visit('data-columns')
  await page.getByRole('button', { name: /credit_amount/ }).first().click()
  await page.getByRole('complementary').waitFor()
  await visit('data-inspector')
  await openPage(page, 'Prepare')
  await heading(page, 'Prepare')
  await visit('prepare-empty')
  await target(page, 'credit_risk')
  await visit('prepare')
  await page.getByRole('radio', { name: 'My own' }).check({ force: true })
  await page.locator('[data-step]').nth(1).click()
  await page.getByRole('complementary').waitFor()
  await visit('prepare-step')
  await page.getByRole('button', { name: 'Undo (Ctrl+Z)' }).click()
}

async function trainScreens(page: Page, visit: Visit): Promise<void> {
  await openPage(page, 'Train')
  await page.getByText('No run yet').waitFor({ timeout: patience })
  await visit('train-empty')
  for (const label of ['Logistic regression', 'Decision tree', 'Gradient boosting']) await train(page, label)
  await visit('train')
  await page.getByRole('button', { name: 'Bring in' }).click()
  await page.getByRole('dialog').waitFor()
  await visit('bring-in')
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  // Long enough to be looked at, then stopped where it has not ended by itself.
  await page.getByRole('radio', { name: 'Neural network (MLP)' }).check()
  await page.getByRole('textbox', { name: 'Epochs at most' }).fill('10000')
  await page.getByRole('textbox', { name: 'Epochs at most' }).blur()
  await page.getByRole('textbox', { name: 'Hidden layers' }).fill('512, 512')
  await page.getByRole('textbox', { name: 'Hidden layers' }).blur()
  await page.getByRole('checkbox', { name: 'Stop early' }).uncheck()
  await page.getByRole('button', { name: /^train/i }).last().click()
  await page.getByRole('region', { name: /neural network/i }).getByRole('img').first().waitFor({ timeout: patience })
  await visit('train-live')
  const stop = page.getByRole('button', { name: 'Stop and keep the best' })
  if (await stop.isVisible()) await stop.click({ timeout: 2000 }).catch(() => undefined)
  await page.getByRole('row', { name: /Neural network.*Done/ }).first().waitFor({ timeout: patience })
}

async function evaluateScreens(page: Page, visit: Visit): Promise<void> {
  await openPage(page, 'Evaluate')
  await heading(page, 'Evaluate')
  await visit('evaluate')
  await page.getByRole('link', { name: 'Compare' }).click()
  await page.getByRole('heading', { name: /^Differences in / }).waitFor({ timeout: patience })
  await visit('compare')
  await openPage(page, 'Evaluate')
  await page.getByRole('link', { name: 'Gradient boosting' }).first().click()
  await shown(page, 'Scores')
  await visit('run-scores')
  await shown(page, /Threshold/)
  await page.getByRole('slider', { name: 'Threshold', exact: true }).press('ArrowRight')
  await page.getByRole('button', { name: /called .* Show the rows/ }).first().click()
  await page.getByRole('grid').waitFor({ timeout: patience })
  await visit('run-threshold')
  await shown(page, 'Calibration')
  await visit('run-calibration')
  await shown(page, 'Groups')
  await page.getByRole('table').first().waitFor({ timeout: patience })
  await visit('run-groups')
  await shown(page, 'Learning curves')
  await page.getByRole('button', { name: 'Draw the learning curve' }).click()
  await page.getByRole('img', { name: /learning|training rows/i }).first().waitFor({ timeout: patience })
  await visit('run-curves')
  await shown(page, 'Record')
  await visit('run-record')
  await page.getByRole('radio', { name: /Test/ }).check({ force: true })
  await page.getByRole('button', { name: 'Open the test part' }).waitFor()
  await visit('run-sealed')
}

async function explainScreens(page: Page, visit: Visit): Promise<void> {
  await openPage(page, 'Explain')
  // Not the network above, which has learnt the rows by heart.
  await page.getByRole('combobox', { name: 'Model' }).selectOption({ label: 'Gradient boosting' })
  await page.getByRole('region', { name: 'Features of the row' }).waitFor({ timeout: patience })
  const amount = page.getByRole('textbox', { name: 'credit_amount' })
  await amount.fill('9000')
  await amount.blur()
  await amount.focus()
  await page.getByRole('slider', { name: /credit_amount of this row/ }).waitFor({ timeout: patience })
  await page.getByRole('button', { name: 'Take over', exact: true }).first().waitFor({ timeout: patience })
  await visit('explain-what-if')
  await shown(page, 'What it leans on')
  await page.getByRole('combobox', { name: 'Column' }).waitFor({ timeout: patience })
  await visit('explain-importance')
  await shown(page, 'The model itself')
  await page.getByRole('treeitem').first().waitFor({ timeout: patience })
  await visit('explain-model')
}

async function deployScreens(page: Page, visit: Visit): Promise<void> {
  await openPage(page, 'Deploy')
  await heading(page, 'Deploy')
  await page.getByRole('combobox', { name: 'Model' }).selectOption({ label: 'Gradient boosting' })
  await visit('deploy')
  await page.getByRole('button', { name: 'Check and build' }).click()
  await page.getByRole('button', { name: /^Download/ }).waitFor({ timeout: patience })
  await visit('deploy-certificate')
  await shown(page, 'Predict a new file')
  await visit('predict-empty')
  const lines = readFileSync('public/samples/german-credit.csv', 'utf8').split('\n').slice(0, 40)
  lines[3] = (lines[3] ?? '').replace(/[^,]*/, 'never seen before')
  await page.locator('input[type=file]').setInputFiles({ name: 'new-applicants.csv', mimeType: 'text/csv', buffer: Buffer.from(lines.join('\n')) })
  await page.getByRole('grid').waitFor({ timeout: patience })
  await visit('predict')
  await shown(page, 'Train elsewhere')
  await page.getByRole('tabpanel').waitFor()
  await visit('deploy-elsewhere')
  await shown(page, 'Code twin')
  await page.getByText(/The code twin of a run/).first().waitFor({ timeout: patience })
  await visit('deploy-code')
}

async function monitorScreens(page: Page, visit: Visit): Promise<void> {
  await openPage(page, 'Monitor')
  await heading(page, 'Monitor')
  await page.getByRole('combobox', { name: 'Model' }).selectOption({ label: 'Logistic regression' })
  await visit('monitor-empty')
  await page.locator('input[type=file]').setInputFiles({ name: 'later-applicants.csv', mimeType: 'text/csv', buffer: Buffer.from(laterApplicants().labelled) })
  await page.getByRole('button', { name: 'credit_amount' }).click({ timeout: patience })
  await page.getByRole('complementary', { name: 'credit_amount' }).getByRole('figure').first().waitFor()
  await visit('monitor')
  await page.getByRole('button', { name: 'Close inspector' }).click()
  await shown(page, /Over time/)
  await page.getByRole('figure').nth(2).waitFor({ timeout: patience })
  await visit('monitor-time')
  await shown(page, 'Train again')
  await page.getByRole('button', { name: 'Train again with these rows' }).click()
  await page.getByRole('button', { name: 'Take the challenger' }).waitFor({ timeout: patience })
  await visit('monitor-challenge')
}

/** Ends on an address that leads nowhere. */
export async function walkScreens(page: Page, url: string, visit: Visit): Promise<void> {
  await startScreens(page, url, visit)
  await importScreens(page, url, visit)
  await pictureScreens(page, url, visit)
  await prepareScreens(page, visit)
  await trainScreens(page, visit)
  await evaluateScreens(page, visit)
  await explainScreens(page, visit)
  await deployScreens(page, visit)
  await monitorScreens(page, visit)
  const project = /#\/p\/([^/]+)/.exec(page.url())?.[1] ?? ''
  await page.goto(`${url}#/p/${project}/nowhere`)
  await heading(page, 'No such page')
  await visit('no-such-page')
}
