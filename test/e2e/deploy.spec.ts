/** The main job to its end, on data that is not a sample: CSV -> model -> questions -> bundle -> a server that answers. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Locator } from '@playwright/test'
import { bytesOf, openZip } from '../../src/core/zip.ts'
import { chooseTarget, expect, goTo, test, trainModel } from './studio.ts'

test('a CSV of one own becomes a bundle whose server answers as the studio does', async ({ studio }) => {
  await studio.locator('input[type=file]').first().setInputFiles('test/fixtures/wine.csv')
  await studio.getByRole('button', { name: 'Import', exact: true }).click()
  await expect(studio.getByText('178 rows × 14 columns')).toBeVisible()
  await chooseTarget(studio, 'cultivar')
  await trainModel(studio, 'Gradient boosting')
  await expect(studio.getByRole('row', { name: /Gradient boosting.*Done/ })).toBeVisible({ timeout: 60_000 })
  // The fast road, not its plain twin: the kernels reached the worker under the content policy.
  await expect(studio.getByText(/compiled/i).first()).toBeVisible()

  await goTo(studio, 'Evaluate')
  await studio.getByRole('link', { name: /Gradient boosting/ }).first().click()
  await expect(studio.getByText(/Balanced accuracy/).first()).toBeVisible()

  await goTo(studio, 'Explain')
  await expect(studio.getByRole('region', { name: 'Prediction' })).toBeVisible({ timeout: 60_000 })

  await goTo(studio, 'Deploy')
  await studio.getByRole('textbox', { name: 'Name' }).fill('Wine cultivars')
  await studio.getByRole('button', { name: 'Check and build' }).click()
  const download = studio.getByRole('button', { name: /^Download .*\.zip/ })
  await expect(download).toBeVisible({ timeout: 120_000 })
  const size = studio.getByRole('region', { name: 'Size and speed' })
  await expect(size).toContainText(/Time for one row\s*[\d.×⁻¹²³⁴⁵⁶⁷⁸⁹⁰]+ ms.*Time for \d+ rows\s*[\d.]+ ms/s)
  await expect(size).toContainText(/with the model as a program that can be read/)
  // What was built stays while another tab is looked at.
  await studio.getByRole('tab', { name: 'Train elsewhere' }).click()
  await expect(download).toHaveCount(0)
  await studio.getByRole('tab', { name: 'Export a bundle' }).click()
  await expect(studio.getByRole('heading', { name: 'Parity: passed' })).toBeVisible()
  await expect(studio.getByText(/The form has changed since/)).toHaveCount(0)
  const [saved] = await Promise.all([studio.waitForEvent('download'), download.click()])
  const [page] = await Promise.all([studio.waitForEvent('download'), studio.getByRole('button', { name: 'The card as a page' }).click()])
  expect(page.suggestedFilename()).toBe('wine-cultivars-card.html')
  const bytes = readFileSync(await saved.path())

  const folder = mkdtempSync(join(tmpdir(), 'glasshouse-e2e-'))
  // The same server as one file, with nothing beside it.
  const [alone] = await Promise.all([studio.waitForEvent('download'), studio.getByRole('button', { name: 'As one .mjs' }).click()])
  expect(alone.suggestedFilename()).toBe('wine-cultivars.mjs')
  writeFileSync(join(folder, 'alone.mjs'), readFileSync(await alone.path()))
  const verified = spawnSync(process.execPath, ['alone.mjs', '--verify'], { cwd: folder, encoding: 'utf8' })
  expect(verified.status, verified.stderr).toBe(0)
  rmSync(join(folder, 'alone.mjs'))

  const zip = await openZip(bytesOf(new Uint8Array(bytes)))
  for (const name of zip.names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), await zip.read(name))
  }
  // The one package the server needs, as its lock file names it; here the one that the tests already have.
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  const server = spawn(process.execPath, ['server/server.mjs'], { cwd: folder, env: { ...process.env, PORT: '0' }, stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    let output = ''
    server.stdout.on('data', (part: Buffer) => (output += part.toString()))
    server.stderr.on('data', (part: Buffer) => (output += part.toString()))
    await expect.poll(() => /"port":(\d+)/.exec(output)?.[1], { message: output }).toBeTruthy()
    const base = `http://127.0.0.1:${/"port":(\d+)/.exec(output)?.[1]}`
    await expect.poll(async () => (await fetch(`${base}/v2/health/ready`)).status).toBe(200)
    const lines = readFileSync('test/fixtures/wine.csv', 'utf8').trim().split('\n')
    const header = (lines[0] as string).split(',')
    const rows = lines.slice(1, 21).map((line) => Object.fromEntries(line.split(',').map((cell, i) => [header[i], Number(cell)] as const).filter(([name]) => name !== 'cultivar')))
    const answer = await fetch(`${base}/predict`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ rows }) })
    expect(answer.status).toBe(200)
    const { predictions } = (await answer.json()) as { predictions: { label: string; probabilities: Record<string, number> }[] }
    expect(predictions.length).toBe(20)

    // The card, from the disk: its sliders ask the same model, and it fetches nothing.
    expect(readFileSync(await page.path())).toEqual(readFileSync(join(folder, 'MODEL_CARD.html')))
    const card = await studio.context().newPage()
    const complaints: string[] = []
    card.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    card.on('pageerror', (error) => complaints.push(error.message))
    card.on('request', (request) => request.url().startsWith('file:') || complaints.push(request.url()))
    await card.goto(pathToFileURL(join(folder, 'MODEL_CARD.html')).href)
    for (const [name, value] of Object.entries(rows[0] as Record<string, number>)) await card.getByLabel(`${name}, exact`, { exact: true }).fill(String(value))
    await expect(card.locator('#answer')).toHaveText(`cultivar: ${predictions[0]?.label}`)
    for (const [name, share] of Object.entries(predictions[0]?.probabilities ?? {})) expect(Math.abs(Number(await card.getByLabel(`probability of ${name}`, { exact: true }).getAttribute('value')) - share)).toBeLessThanOrEqual(1e-5)
    await card.getByRole('slider', { name: 'alcohol', exact: true }).press('End')
    await expect(card.getByText(/as alcohol goes from/)).toBeVisible()
    expect(complaints).toEqual([])
    await card.close()

    // The studio's own answers for the same rows, from its Predict page.
    await studio.getByRole('tab', { name: /predict/i }).click()
    await studio.locator('input[type=file]').first().setInputFiles({ name: 'same.csv', mimeType: 'text/csv', buffer: Buffer.from(lines.slice(0, 21).join('\n')) })
    const [table] = await Promise.all([studio.waitForEvent('download'), studio.getByRole('button', { name: /Download CSV/ }).click({ timeout: 60_000 })])
    const [head, ...own] = readFileSync(await table.path(), 'utf8').trim().split(/\r?\n/).map((line) => line.split(','))
    const at = (name: string) => (head as string[]).indexOf(name)
    predictions.forEach(({ label, probabilities }, i) => {
      const mine = own[i] as string[]
      expect(label).toBe(mine[at('prediction')])
      for (const [name, share] of Object.entries(probabilities)) expect(Math.abs(share - Number(mine[at(`probability of ${name}`)])), `${name} in row ${i + 1}`).toBeLessThanOrEqual(1e-5)
    })
    const truth = lines.slice(1, 21).map((line) => line.split(',').at(-1))
    expect(predictions.filter(({ label }, i) => label === truth[i]).length).toBeGreaterThanOrEqual(18)

    // The run as a job for a cluster; its answer, here one tree a class, will come back.
    await studio.getByRole('tab', { name: 'Train elsewhere' }).click()
    const [sent] = await Promise.all([studio.waitForEvent('download'), studio.getByRole('button', { name: 'Download the job' }).click()])
    const job = await openZip(bytesOf(new Uint8Array(readFileSync(await sent.path()))))
    expect([...job.names].sort()).toEqual(['README.md', 'job.json', 'prepare.mjs', 'prepared.py', 'scorer.py', 'train_xgboost_dask.py'])
    const elsewhere = clusterAnswer(JSON.parse(new TextDecoder().decode(await job.read('job.json'))) as Job)

    // Brought in again it is the same run: on these rows its settings and figures are those of the one trained here.
    await goTo(studio, 'Train')
    await studio.getByRole('button', { name: 'Bring in' }).click()
    await studio.getByRole('dialog', { name: 'Bring in a model' }).getByLabel('ONNX file, bundle or JSON').setInputFiles({ name: 'wine-cultivars.zip', mimeType: 'application/zip', buffer: bytes })
    const brought = studio.getByRole('row', { name: /, brought in.*Done/ })
    await expect(brought).toBeVisible({ timeout: 60_000 })
    await expect(studio.getByText(/was trained elsewhere/)).toBeHidden()
    const figures = async (row: Locator): Promise<string[]> => (await row.getByRole('cell').allTextContents()).map((text) => text.replace(/★.*/, '').trim()).filter((text) => /^0\.\d/.test(text))
    expect(await figures(brought)).toHaveLength(2)
    expect(await figures(brought)).toEqual(await figures(studio.getByRole('row', { name: /^(?!.*brought in).*Gradient boosting.*Done/ })))

    await studio.getByRole('button', { name: 'Bring in' }).click()
    await studio.getByRole('dialog', { name: 'Bring in a model' }).getByLabel('ONNX file, bundle or JSON').setInputFiles({ name: 'result.json', mimeType: 'application/json', buffer: Buffer.from(elsewhere) })
    await expect(studio.getByRole('row', { name: /, elsewhere.*Done/ })).toBeVisible({ timeout: 60_000 })
  } finally {
    server.kill('SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  }
})

interface Job {
  readonly parts: string
  readonly classes: readonly string[]
  readonly recipe: { readonly features: readonly unknown[] }
}
/** What train_xgboost_dask.py would write of a job: a stump a class. */
function clusterAnswer({ parts, ...job }: Job): string {
  const stump = { left_children: [1, -1, -1], right_children: [2, -1, -1], split_indices: [0, 0, 0], split_conditions: [13, 0.5, -0.5], default_left: [0, 0, 0], sum_hessian: [2, 1, 1], loss_changes: [1, 0, 0] }
  const booster = {
    learner: {
      learner_model_param: { base_score: '5E-1', num_class: String(job.classes.length), num_feature: String(job.recipe.features.length) },
      objective: { name: 'multi:softprob' },
      gradient_booster: { name: 'gbtree', model: { tree_info: job.classes.map((_, i) => i), trees: job.classes.map(() => stump) } },
    },
  }
  return JSON.stringify({ version: 1, kind: 'glasshouse-elsewhere', job, rows: { train: parts.length, valid: 1 }, split: 'as in the studio', workers: 2, seconds: 3, versions: { xgboost: '1.7.4' }, booster })
}

test('predicts a new file in the app, and says what does not fit', async ({ studio }) => {
  await studio.locator('input[type=file]').first().setInputFiles('test/fixtures/wine.csv')
  await studio.getByRole('button', { name: 'Import', exact: true }).click()
  await chooseTarget(studio, 'cultivar')
  await trainModel(studio, 'Decision tree')
  await expect(studio.getByRole('row', { name: /Decision tree.*Done/ })).toBeVisible()
  await goTo(studio, 'Deploy')
  // What is written for the card is the project's: it is there again after a reload.
  await studio.getByRole('textbox', { name: 'Limitations' }).fill('One valley only.')
  await studio.getByRole('textbox', { name: 'Limitations' }).press('Tab')
  await studio.getByRole('tab', { name: 'Code twin' }).click()
  await expect(studio.getByText('model = DecisionTreeClassifier(')).toBeVisible({ timeout: 30_000 })
  const [notebook] = await Promise.all([studio.waitForEvent('download'), studio.getByRole('button', { name: /^Download twin\.ipynb/ }).click()])
  expect((JSON.parse(readFileSync(await notebook.path(), 'utf8')) as { nbformat: number }).nbformat).toBe(4)
  await studio.getByRole('tab', { name: 'Export a bundle' }).click()
  await studio.reload()
  await expect(studio.getByRole('textbox', { name: 'Limitations' })).toHaveValue('One valley only.')
  await studio.getByRole('tab', { name: /predict/i }).click()
  const lines = readFileSync('test/fixtures/wine.csv', 'utf8').trim().split('\n')
  const edited = [`${lines[0]},extra`, ...lines.slice(1, 6).map((line) => `${line},x`), `99999${(lines[6] as string).slice((lines[6] as string).indexOf(','))},x`].join('\n')
  await studio.locator('input[type=file]').first().setInputFiles({ name: 'new.csv', mimeType: 'text/csv', buffer: Buffer.from(edited) })
  await expect(studio.getByText('6 rows predicted.')).toBeVisible({ timeout: 30_000 })
  await expect(studio.getByRole('region', { name: 'What does not fit' })).toContainText(/extra/)
  await expect(studio.getByRole('region', { name: 'What does not fit' })).toContainText(/alcohol/)
  const [saved] = await Promise.all([studio.waitForEvent('download'), studio.getByRole('button', { name: /Download CSV/ }).click()])
  const csv = readFileSync(await saved.path(), 'utf8').trim().split('\n')
  expect(csv.length).toBe(7)
  expect(csv[0]).toMatch(/cultivar/)
})
