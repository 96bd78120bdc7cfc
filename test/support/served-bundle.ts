/** Bundles unpacked beside each other and their server as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { bytesOf, openZip } from '../../src/core/zip.ts'

export async function unpack(zip: Uint8Array, folder: string): Promise<void> {
  const reader = await openZip(bytesOf(zip))
  for (const name of reader.names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), await reader.read(name))
  }
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
}

export interface RunningServer {
  readonly child: ChildProcess
  readonly exit: Promise<number | null>
  output(): string
  /** Waits for its address. */
  url(): Promise<string>
  metricsUrl(): Promise<string>
  /** Waits until its output matches. */
  says(pattern: RegExp): Promise<RegExpExecArray>
}

export function startServer(folder: string, env: Readonly<Record<string, string>> = {}, args: readonly string[] = []): RunningServer {
  const child = spawn(process.execPath, ['server/server.mjs', ...args], { cwd: folder, env: { ...process.env, PORT: '0', METRICS_PORT: '0', THREADS: '1', DRAIN_DELAY_MS: '100', ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout?.on('data', (part: Buffer) => (text += part.toString()))
  child.stderr?.on('data', (part: Buffer) => (text += part.toString()))
  const says = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(text)
      if (found) return found
      if (child.exitCode !== null) throw new Error(`the server ended: ${text}`)
      await new Promise((done) => setTimeout(done, 20))
    }
  }
  return {
    child,
    exit: once(child, 'close').then(([code]) => code as number | null),
    output: () => text,
    says,
    url: async () => `http://127.0.0.1:${(await says(/"port":(\d+)/))[1]}`,
    metricsUrl: async () => `http://127.0.0.1:${(await says(/"metricsPort":(\d+)/))[1]}/metrics`,
  }
}
