/**
 * node contained-client.mjs: starts the server of the bundle in this folder, asks it, ends it, and prints what it saw as JSON.
 * Server and client live in the same box (contained.ts), where there is no way in from outside.
 */
import { spawn } from 'node:child_process'
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'

const seen = { uid: process.getuid(), capabilities: /CapEff:\s*(\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1], networks: Object.keys(networkInterfaces()), writable: [] }
for (const folder of ['.', '/tmp', '/var/tmp', '/dev/shm', '/run', process.env.HOME]) {
  try {
    accessSync(folder, constants.F_OK)
    writeFileSync(`${folder}/probe`, '')
    seen.writable.push(folder)
  } catch {}
}
const server = spawn(process.execPath, ['server/server.mjs'], { env: { ...process.env, PORT: '0', METRICS_PORT: '0', THREADS: '1', DRAIN_DELAY_MS: '0' }, stdio: ['ignore', 'pipe', 'pipe'] })
const exit = new Promise((resolve) => server.once('close', (code) => resolve(code)))
let text = ''
const listening = new Promise((resolve) => {
  const take = (part) => {
    text += part
    const port = /"event":"listening".*"port":(\d+)/.exec(text)?.[1]
    if (port !== undefined) resolve(`http://127.0.0.1:${port}`)
  }
  server.stdout.on('data', take)
  server.stderr.on('data', take)
})
const url = await Promise.race([listening, exit.then(() => undefined)])
if (url !== undefined) {
  seen.ready = (await fetch(`${url}/v2/health/ready`)).status
  const answer = await fetch(`${url}/predict`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: readFileSync('example-predict.json') })
  seen.answer = [answer.status, (await answer.json()).predictions?.length]
  server.kill('SIGTERM')
}
process.stdout.write(JSON.stringify({ ...seen, exit: await exit, output: text }))
