/** What a first visit costs. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { built, expect, test } from './studio.ts'

test('the shell is at most 150 kB compressed, and works in under a second of its own server', async ({ page, server }) => {
  const asked: string[] = []
  page.on('request', (request) => asked.push(new URL(request.url()).pathname))
  await page.goto(server.url)
  await expect(page.getByRole('button', { name: 'Choose a file' })).toBeEnabled()
  const files = [...new Set(asked)].map((path) => (path === '/' ? 'index.html' : path.slice(1)))
  const bytes = files.reduce((sum, path) => sum + gzipSync(readFileSync(join(built, path))).length, 0)
  test.info().annotations.push({ type: 'shell', description: `${bytes} bytes in ${files.length} files` })
  expect(bytes).toBeLessThanOrEqual(150_000)
  expect(files.filter((path) => /plotly|ort|tfjs|wasm/.test(path))).toEqual([])
})
