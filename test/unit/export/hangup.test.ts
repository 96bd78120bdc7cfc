/** SIGHUP between the first line of the server and its first answer. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { expect, test } from 'vitest'

test('a SIGHUP that comes before anybody can reload ends nothing, and is answered when somebody can', async () => {
  const { outputText } = ts.transpileModule(readFileSync('src/export/server/hangup.ts', 'utf8'), { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 } })
  const script = `${outputText}
    console.log('up')
    process.stdin.once('data', () => { console.log('ready'); onHangup(() => { console.log('reload'); process.exit(0) }) })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (part: Buffer) => (text += part.toString()))
  const ended = once(child, 'close')
  await once(child.stdout, 'data')
  child.kill('SIGHUP')
  setTimeout(() => child.stdin.write('x'), 200)
  expect(await ended).toEqual([0, null])
  expect(text).toBe('up\nready\nreload\n')
})
