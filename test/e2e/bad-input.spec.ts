/** Input that cannot be used, through the real page: each is refused by name, the page goes on, nothing is lost. */
import type { Page } from '@playwright/test'
import { strToU8, zipSync } from 'fflate'
import { chooseTarget, expect, goTo, openSample, test } from './studio.ts'

const zone = (page: Page) => page.getByLabel(/^Drop a CSV/)
const choose = (page: Page, name: string, content: string | Uint8Array) => zone(page).setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(content) })

/** The refusal says what, and the page still takes a good file afterwards. */
async function refused(page: Page, home: string, message: RegExp): Promise<void> {
  const alert = page.getByRole('alert')
  await expect(alert).toContainText(message)
  await expect(alert).toBeFocused()
  await page.goto(home)
  await expect(page.getByRole('button', { name: 'Choose a file' })).toBeEnabled()
}

test('a file that holds no table is refused by name, and the next one works', async ({ studio, server }) => {
  await choose(studio, 'empty.csv', '')
  await refused(studio, server.url, /empty|no (rows|data|bytes|columns)|0 bytes/i)
  await choose(studio, 'binary.csv', Uint8Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256))
  await refused(studio, server.url, /binary|text|NUL|zero/i)
  await choose(studio, 'zip.csv', zipSync({ 'a.txt': strToU8('a') }))
  await refused(studio, server.url, /zip|text|archive/i)
  await choose(studio, 'good.csv', 'a,b\n1,x\n2,y\n3,x\n')
  await studio.getByRole('button', { name: 'Import' }).click()
  await expect(studio.getByRole('grid', { name: /Rows of/ })).toBeVisible()
})

test('a project file that cannot be used is refused whole', async ({ studio, server }) => {
  await openSample(studio, 'Palmer penguins')
  await studio.goto(`${server.url}#/`)
  await studio.getByRole('button', { name: /^More for Palmer/ }).click()
  const download = studio.waitForEvent('download')
  await studio.getByRole('menuitem', { name: /Export/ }).click()
  const chunks: Buffer[] = []
  for await (const chunk of await (await download).createReadStream()) chunks.push(chunk as Buffer)
  const whole = Buffer.concat(chunks)
  const bad: readonly (readonly [string, Uint8Array])[] = [
    ['nowhere.zip', zipSync({ 'hello.txt': strToU8('hello') })],
    ['half.zip', whole.subarray(0, whole.length >> 1)],
    ['climbing.zip', zipSync({ '../evil.json': strToU8('{}'), 'manifest.json': strToU8('{}') })],
    ['not-a.zip', strToU8('a,b\n1,2\n')],
    ['empty.zip', new Uint8Array(0)],
  ]
  for (const [name, bytes] of bad) {
    await zone(studio).setInputFiles({ name, mimeType: 'application/zip', buffer: Buffer.from(bytes) })
    await expect(studio.getByRole('alert'), name).toContainText(/invalid|missing|unsupported|unknown/i)
    await studio.reload()
    await expect(studio.getByRole('button', { name: /^More for / })).toHaveCount(1)
  }
  await zone(studio).setInputFiles({ name: 'whole.zip', mimeType: 'application/zip', buffer: whole })
  await expect(studio.getByRole('grid')).toBeVisible()
})

test('rows that do not fit are listed, never dropped in silence', async ({ studio }) => {
  await choose(studio, 'ragged.csv', 'a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n')
  await studio.getByRole('button', { name: 'Import' }).click()
  await expect(studio.getByRole('grid', { name: /Rows of/ })).toBeVisible()
  await studio.getByRole('tab', { name: /Kept out/ }).click()
  await expect(studio.getByRole('tabpanel')).toContainText(/2 (fields|cells|values)|3/)
})

const tables: readonly (readonly [string, string, RegExp])[] = [
  ['header-only.csv', 'a,b,c\n', /row|header/i],
  ['unclosed.csv', `a,b\n1,2\n3,"open\n${'4,5\n'.repeat(50)}`, /quote/i],
]
for (const [name, content, rule] of tables) {
  test(`${name} is said clearly`, async ({ studio }) => {
    await choose(studio, name, content)
    const alert = studio.getByRole('alert')
    const details = studio.getByText(/will be kept out/)
    const commit = studio.getByRole('button', { name: 'Import' })
    await expect(alert.or(details).or(commit.and(studio.locator(':enabled'))).first()).toBeVisible()
    if (!(await alert.isVisible()) && !(await details.isVisible())) await commit.click()
    await expect(alert.or(details).or(studio.getByRole('tab', { name: /Kept out/ })).first()).toBeVisible()
    if (await details.isVisible()) await details.click()
    else if (!(await alert.isVisible())) await studio.getByRole('tab', { name: /Kept out/ }).click()
    await expect(studio.getByRole('main')).toContainText(rule)
  })
}

test('a cell of 10 MB opens, and the page shows only its beginning', async ({ studio }) => {
  await choose(studio, 'long-cell.csv', `a,b\n1,${'x'.repeat(10_000_000)}\n2,y\n`)
  await studio.getByRole('button', { name: 'Import' }).click()
  const grid = studio.getByRole('grid', { name: /Rows of/ })
  await expect(grid.getByRole('gridcell', { name: /^xxx/ })).toBeVisible()
  expect((await grid.textContent())?.length).toBeLessThan(20_000)
})

test('one row, one class, all missing: the target says which rule they break', async ({ studio, server }) => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['one-row.csv', 'x,y\n1,a\n', /one value only/],
    ['one-class.csv', `x,y\n${Array.from({ length: 40 }, (_, i) => `${i},same`).join('\n')}\n`, /one value only/],
    ['all-missing.csv', `x,y\n${Array.from({ length: 40 }, (_, i) => `${i},`).join('\n')}\n`, /empty|missing|no value/],
  ]
  for (const [name, content, rule] of cases) {
    await studio.goto(`${server.url}#/`)
    await choose(studio, name, content)
    await studio.getByRole('button', { name: 'Import' }).click()
    await expect(studio.getByRole('grid', { name: /Rows of/ }), name).toBeVisible()
    await goTo(studio, 'Prepare')
    const option = studio.getByRole('combobox', { name: 'Column' }).locator('option', { hasText: /^y/ })
    await expect(option, name).toHaveText(rule)
    await expect(option, name).toBeDisabled()
  }
})

test('a target with a missing value trains on the other rows and says so', async ({ studio }) => {
  await choose(studio, 'holes.csv', `x,y\n${Array.from({ length: 60 }, (_, i) => `${i * 1.5},${i === 7 ? '' : i % 2 ? 'yes' : 'no'}`).join('\n')}\n`)
  await studio.getByRole('button', { name: 'Import' }).click()
  await chooseTarget(studio, 'y')
  await expect(studio.getByRole('main')).toContainText(/1 .*(without|missing|left out|no value)/i)
})

test('20,000 columns open, or are refused with the limit', async ({ studio }) => {
  const names = Array.from({ length: 20_000 }, (_, i) => `c${i}`).join(',')
  const row = Array.from({ length: 20_000 }, (_, i) => i % 10).join(',')
  await choose(studio, 'wide.csv', `${names}\n${row}\n${row}\n`)
  const alert = studio.getByRole('alert')
  const commit = studio.getByRole('button', { name: 'Import' }).and(studio.locator(':enabled'))
  await expect(alert.or(commit).first()).toBeVisible()
  if (await commit.isVisible()) {
    await commit.click()
    await expect(alert.or(studio.getByRole('grid', { name: /Rows of/ })).first()).toBeVisible({ timeout: 60_000 })
  }
  if (await alert.isVisible()) await expect(alert).toContainText(/column/i)
})

test('hostile names are text and nothing else, on every screen', async ({ studio }) => {
  let dialogs = 0
  studio.on('dialog', (dialog) => {
    dialogs++
    void dialog.dismiss()
  })
  const fits = async (where: string) => expect(await studio.evaluate(() => document.documentElement.scrollWidth - innerWidth), where).toBeLessThanOrEqual(0)
  const hostile = ['__proto__', 'constructor', '<img src=x onerror=alert(1)>', '"><script>alert(2)</script>', '\u202Egnp.exe', '=HYPERLINK("http://x")', '{{1+1}}', 'n'.repeat(10_000)]
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
  const rows = Array.from({ length: 60 }, (_, i) => [i, ...hostile.map((_, c) => quote(hostile[(i + c) % (hostile.length - 1)] as string)), i % 3 ? quote(hostile[2] as string) : quote(hostile[3] as string)].join(','))
  await choose(studio, '<img src=x onerror=alert(3)>.csv', `${['count', ...hostile, 'target'].map(quote).join(',')}\n${rows.join('\n')}\n`)
  await expect(studio.getByRole('grid')).toBeVisible()
  await fits('preview')
  await studio.getByRole('button', { name: 'Import' }).click()
  await expect(studio.getByRole('grid', { name: /Rows of/ })).toBeVisible()
  await fits('Data')
  await studio.getByRole('tab', { name: /Columns/ }).click()
  await fits('Columns')
  await chooseTarget(studio, 'target')
  await fits('Prepare')
  await goTo(studio, 'Train')
  await studio.getByRole('button', { name: /^train/i }).last().click()
  await expect(studio.getByRole('row', { name: /Logistic regression.*Done/ })).toBeVisible()
  await fits('Train')
  for (const name of ['Evaluate', 'Explain', 'Deploy']) {
    await goTo(studio, name)
    await expect(studio.getByRole('main').getByRole('combobox').first()).toBeVisible()
    await fits(name)
  }
  await studio.goto(`${new URL(studio.url()).origin}/#/`)
  await expect(studio.getByRole('button', { name: /^More for/ })).toBeVisible()
  await fits('Start')
  expect(dialogs).toBe(0)
  expect(await studio.locator('img[src="x"]').count()).toBe(0)
})
