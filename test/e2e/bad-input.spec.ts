/**
 * Input that cannot be used, through the real page: the thing, the rule and the value are named in one
 * message each, the page goes on, and nothing is lost. The names and values that could do harm do none.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { strToU8, zipSync } from 'fflate'
import { naughtyStrings } from '../support/naughty-strings.ts'
import { chooseTarget, expect, goTo, openSample, test, trainModel } from './studio.ts'

const zone = (page: Page) => page.getByLabel(/^Drop a CSV/)
const choose = (page: Page, name: string, content: string | Uint8Array) => zone(page).setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(content) })
const rowsOf = (page: Page) => page.getByRole('grid', { name: /Rows of/ })
async function keep(page: Page, name: string, content: string | Uint8Array): Promise<void> {
  await choose(page, name, content)
  await page.getByRole('button', { name: 'Import' }).click()
}
/** The message is there, as it is and announced, and the page still takes a good file afterwards. */
async function refused(page: Page, home: string, message: string, name: string): Promise<void> {
  const alert = page.getByRole('alert')
  await expect(alert, name).toContainText(message)
  await expect(alert, name).toContainText('What you can do:')
  await expect(alert, name).toBeFocused()
  await page.goto(home)
  await expect(page.getByRole('button', { name: 'Choose a file' })).toBeEnabled()
}
async function saved(page: Page, act: () => Promise<void>): Promise<Buffer> {
  const download = page.waitForEvent('download')
  await act()
  return readFileSync(await (await download).path())
}
const wide = Array.from({ length: 20_000 }, (_, i) => `c${i}`).join(',')
const column = (value: (row: number) => string, rows = 40) => Array.from({ length: rows }, (_, i) => `${i},${value(i)}`).join('\n')

test('a file that holds no table is refused by name, and the next one works', async ({ studio, server }) => {
  const files: readonly (readonly [string, string | Uint8Array, string])[] = [
    ['empty.csv', '', 'Missing data; a table needs at least one row, and the file is empty'],
    ['blank.csv', '\n\n\r\n', 'Missing data; a table needs at least one row, and the file holds only blank lines'],
    ['binary.csv', Uint8Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256), 'Invalid text; the file must hold a table as text, and this is '],
    ['zip.csv', zipSync({ 'a.txt': strToU8('a') }), 'Invalid text; the file must hold a table as text, and this is a ZIP archive or an Excel workbook'],
    ['wide.csv', `${wide}\n${wide}\n`, 'Unsupported number of columns; at most 10000: 20000'],
    ['unclosed.csv', `a,b\n1,2\n3,"open\n${'4,5\n'.repeat(50)}`, 'Invalid quote; a quoted cell must end with a quote: the one opened on line 3 (byte 10) is never closed'],
  ]
  for (const [name, content, message] of files) {
    await choose(studio, name, content)
    await refused(studio, server.url, message, name)
  }
  await keep(studio, 'header-only.csv', 'a,b,c\n')
  await refused(studio, server.url, 'Missing rows; a table needs at least one row below its header, and this file has only the header', 'header-only.csv')
  // The project is called after the file that it reads.
  await choose(studio, 'empty.csv', '')
  await studio.getByRole('button', { name: 'Choose something else' }).click()
  await keep(studio, 'good.csv', 'a,b\n1,x\n2,y\n3,x\n')
  await expect(rowsOf(studio)).toBeVisible()
  await expect(studio.getByRole('heading', { level: 1, name: 'good' })).toBeVisible()
})

test('a file that changes while it is read is refused, and goes on when chosen again', async ({ studio }) => {
  const folder = mkdtempSync(join(tmpdir(), 'glasshouse-file-'))
  try {
    const path = join(folder, 'changing.csv')
    writeFileSync(path, `x,y\n${column((i) => String(i % 3))}\n`)
    await zone(studio).setInputFiles(path)
    await expect(studio.getByRole('grid', { name: /First rows/ })).toBeVisible()
    writeFileSync(path, `x,y\n${column((i) => String(i % 5), 90)}\n`)
    await studio.getByRole('button', { name: 'Import' }).click()
    await expect(studio.getByRole('alert')).toContainText('Invalid file; it must stay as it is while it is read, and it was changed, moved or removed')
    await zone(studio).setInputFiles(path)
    await studio.getByRole('button', { name: 'Import' }).click()
    await expect(studio.getByText('90 rows × 2 columns')).toBeVisible()
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a project file that cannot be used is refused whole', async ({ studio, server }) => {
  await openSample(studio, 'Palmer penguins')
  await studio.goto(`${server.url}#/`)
  await studio.getByRole('button', { name: /^More for Palmer/ }).click()
  const whole = await saved(studio, () => studio.getByRole('menuitem', { name: /Export/ }).click())
  const flipped = Buffer.from(whole)
  flipped.writeUInt8(flipped.readUInt8(whole.length >> 2) ^ 1, whole.length >> 2)
  const bad: readonly (readonly [string, Uint8Array, string])[] = [
    ['nowhere.zip', zipSync({ 'hello.txt': strToU8('hello') }), 'Invalid project file; '],
    ['half.zip', whole.subarray(0, whole.length >> 1), 'Invalid zip; it has no directory at its end, so it is not a zip or was cut off'],
    ['flipped.zip', flipped, 'Invalid zip; '],
    ['climbing.zip', zipSync({ '../evil.json': strToU8('{}'), 'manifest.json': strToU8('{}') }), ': ../evil.json'],
    ['not-a.zip', strToU8('a,b\n1,2\n'), 'Invalid zip; it has no directory at its end, so it is not a zip or was cut off'],
    ['empty.zip', new Uint8Array(0), 'Invalid zip; it has no directory at its end, so it is not a zip or was cut off'],
  ]
  for (const [name, bytes, message] of bad) {
    await zone(studio).setInputFiles({ name, mimeType: 'application/zip', buffer: Buffer.from(bytes) })
    await refused(studio, `${server.url}#/`, message, name)
    await studio.reload()
    await expect(studio.getByRole('button', { name: /^More for / })).toHaveCount(1)
  }
  await zone(studio).setInputFiles({ name: 'whole.zip', mimeType: 'application/zip', buffer: whole })
  await expect(rowsOf(studio)).toBeVisible()
})

test('rows that do not fit are listed with line and reason, never dropped in silence', async ({ studio }) => {
  await keep(studio, 'ragged.csv', 'a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n')
  await expect(studio.getByText('2 rows × 3 columns')).toBeVisible()
  await studio.getByRole('tab', { name: /^Kept out ?2$/ }).click()
  await expect(studio.getByRole('row', { name: '3 whole row The row has 2 cells; the table has 3 columns. 4,5' })).toBeVisible()
  await expect(studio.getByRole('row', { name: '4 whole row The row has 4 cells; the table has 3 columns. 6,7,8,9' })).toBeVisible()
})

test('a cell of 10 MB opens, and the page shows only its beginning', async ({ studio }) => {
  await keep(studio, 'long-cell.csv', `a,b\n1,${'x'.repeat(10_000_000)}\n2,y\n`)
  await expect(studio.getByText('2 rows × 2 columns')).toBeVisible()
  await expect(rowsOf(studio).getByRole('gridcell', { name: /^xxx/ })).toBeVisible()
  expect((await studio.getByRole('main').textContent())?.length).toBeLessThan(20_000)
})

test('one row, one class, all missing: the target says which rule they break', async ({ studio, server }) => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['one-row.csv', 'x,y\n1,a\n', 'y – not possible: it has one value only, so there is nothing to tell apart'],
    ['one-class.csv', `x,y\n${column(() => 'same')}\n`, 'y – not possible: it has one value only, so there is nothing to tell apart'],
    ['all-missing.csv', `x,y\n${column(() => '')}\n`, 'y – not possible: every value is missing'],
  ]
  for (const [name, content, rule] of cases) {
    await studio.goto(`${server.url}#/`)
    await keep(studio, name, content)
    await expect(rowsOf(studio), name).toBeVisible()
    await goTo(studio, 'Prepare')
    const option = studio.getByRole('combobox', { name: 'Column' }).locator('option', { hasText: /^y/ })
    await expect(option, name).toHaveText(rule)
    await expect(option, name).toBeDisabled()
  }
})

test('one column: it is shown, and training says that nothing is left to learn from', async ({ studio }) => {
  await keep(studio, 'one-column.csv', `y\n${Array.from({ length: 40 }, (_, i) => (i % 2 ? 'yes' : 'no')).join('\n')}\n`)
  await expect(studio.getByText('40 rows × 1 column')).toBeVisible()
  await chooseTarget(studio, 'y')
  await trainModel(studio, 'Logistic regression')
  await expect(studio.getByRole('row', { name: /Logistic regression.*Failed/ })).toBeVisible()
  await expect(studio.getByRole('main')).toContainText('Missing features; the recipe leaves none of 0 columns: there is no column besides the target')
})

test('a target with a missing value trains on the other rows and says so; a column that counts the rows is no feature until it is ticked', async ({ studio }) => {
  await keep(studio, 'holes.csv', `n,x,y\n${column((i) => `${(i * 7) % 11},${i === 7 ? '' : i % 2 ? 'yes' : 'no'}`, 60)}\n`)
  await chooseTarget(studio, 'y')
  await expect(studio.getByRole('main')).toContainText('1 row without a value is left out.')
  await expect(studio.getByText('They make 1 feature now')).toBeVisible()
  const counts = studio.getByRole('listitem').filter({ hasText: 'Left out: it only counts or names the rows; tick it where it says more' })
  await counts.getByRole('checkbox', { name: 'n' }).check()
  await expect(studio.getByText('They make 2 features now')).toBeVisible()
})

test('names and values that try to be more than text stay text, on every screen, in and out of a project file', async ({ studio, server }) => {
  let dialogs = 0
  studio.on('dialog', (dialog) => {
    dialogs++
    void dialog.dismiss()
  })
  const fits = async (where: string) => expect(await studio.evaluate(() => document.documentElement.scrollWidth - innerWidth), where).toBeLessThanOrEqual(0)
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
  const names = naughtyStrings.filter((text) => text.trim() === text && text !== '').slice(0, 60)
  const headers = ['count', ...new Set([...names, 'n'.repeat(10_000)]), 'target']
  const rows = Array.from({ length: 60 }, (_, i) => [i, ...headers.slice(2).map((_, c) => quote(names[(i + c) % names.length] as string)), quote(i % 3 ? '<img src=x onerror=alert(4)>' : '\u202Etxt.exe')].join(','))
  await choose(studio, '<img src=x onerror=alert(3)>.csv', `${headers.map(quote).join(',')}\n${rows.join('\n')}\n`)
  await expect(studio.getByRole('grid')).toBeVisible()
  await fits('preview')
  await studio.getByRole('button', { name: 'Import' }).click()
  await expect(studio.getByText(`60 rows × ${headers.length} columns`)).toBeVisible()
  await fits('Data')
  await studio.getByRole('tab', { name: /Columns/ }).click()
  await fits('Columns')
  await chooseTarget(studio, 'target')
  await fits('Prepare')
  await trainModel(studio, 'Logistic regression')
  await expect(studio.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible({ timeout: 60_000 })
  await fits('Train')
  for (const name of ['Evaluate', 'Explain', 'Deploy']) {
    await goTo(studio, name)
    await expect(studio.getByRole('main').getByRole('combobox').first()).toBeVisible()
    await fits(name)
  }
  // The project's own name: right to left, markup, and 10 kB of it, through rename, file and back.
  const hostile = `\u202E<b>${'x'.repeat(10_000)}`
  const home = `${server.url}#/`
  await studio.goto(home)
  await studio.getByRole('button', { name: /^More for/ }).click()
  await studio.getByRole('menuitem', { name: 'Rename' }).click()
  // Past the field's own limit, as a script or an old file would.
  await studio.getByRole('textbox', { name: 'Name' }).evaluate((field: HTMLInputElement, text) => {
    field.removeAttribute('maxlength')
    field.value = text
    field.dispatchEvent(new Event('input', { bubbles: true }))
  }, hostile)
  await studio.getByRole('dialog').getByRole('button', { name: 'Rename' }).click()
  const link = studio.getByRole('region', { name: 'Your projects' }).getByRole('link')
  await expect(link).toContainText('\u202E<b>xxx')
  expect((await link.textContent())?.length).toBeLessThan(400)
  await fits('Start')
  await studio.getByRole('button', { name: /^More for/ }).click()
  const zip = await saved(studio, () => studio.getByRole('menuitem', { name: /Export/ }).click())
  await zone(studio).setInputFiles({ name: '\u202Epiz.zip', mimeType: 'application/zip', buffer: zip })
  await expect(studio.getByText(`60 rows × ${headers.length} columns`)).toBeVisible({ timeout: 60_000 })
  await goTo(studio, 'Train')
  await expect(studio.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible()
  await goTo(studio, 'Explain')
  await expect(studio.getByRole('main').getByRole('combobox').first()).toBeVisible()
  expect(dialogs).toBe(0)
  expect(await studio.locator('img[src="x"]').count()).toBe(0)
})
