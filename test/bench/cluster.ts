/** A Dask cluster of processes on loopback. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'

export const python = process.env['BENCH_PYTHON'] ?? '/usr/bin/python3'

/** Ends the bench with 2 where a module is missing. */
export function needs(module: string, debian: string): void {
  if (spawnSync(python, ['-c', `import ${module}`]).status === 0) return
  process.stderr.write(`missing peer; ${python} cannot import ${module}. Install: apt-get install ${debian}\n`)
  process.exit(2)
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

function started(args: readonly string[], cwd: string, pattern: RegExp): Promise<ChildProcess> {
  const child = spawn(python, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  return new Promise((resolve, reject) => {
    let text = ''
    const hear = (part: Buffer): void => {
      text += part.toString()
      if (pattern.test(text)) resolve(child)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('close', () => reject(new Error(text)))
  })
}

/** @param children gets the process; @returns its address */
export async function startScheduler(cwd: string, children: ChildProcess[]): Promise<string> {
  const port = await freePort()
  children.push(await started(['-m', 'distributed.cli.dask_scheduler', '--host', '127.0.0.1', '--port', String(port), '--no-dashboard'], cwd, /Scheduler at:/))
  return `tcp://127.0.0.1:${port}`
}

/** One of one thread, without a nanny that would start it again. */
export async function startWorker(address: string, cwd: string, children: ChildProcess[]): Promise<ChildProcess> {
  const worker = await started(['-m', 'distributed.cli.dask_worker', address, '--nthreads', '1', '--no-nanny', '--no-dashboard', '--host', '127.0.0.1'], cwd, /Registered to:/)
  children.push(worker)
  return worker
}

export interface Disturbed {
  readonly code: number | null
  /** Standard output and standard error. */
  readonly said: string
  readonly wrong: string
  /** Parts that were done when the worker was killed, or -1 where the job ended before. */
  readonly killedAfter: number
  readonly seconds: number
}
/** A Python job on the cluster, of which one worker is killed when a third of the parts are done. @param isPart whether a file in the folder `out` is a finished part */
export async function runDisturbed(args: readonly string[], doomed: ChildProcess, out: string, isPart: (file: string) => boolean, parts: number): Promise<Disturbed> {
  const begun = performance.now()
  const job = spawn(python, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  let wrong = ''
  job.stdout.on('data', (part: Buffer) => (said += part.toString()))
  job.stderr.on('data', (part: Buffer) => (wrong += part.toString()))
  let killedAfter = -1
  const watch = setInterval(() => {
    const done = existsSync(out) ? readdirSync(out).filter(isPart).length : 0
    if (killedAfter >= 0 || done < parts / 3) return
    killedAfter = done
    doomed.kill('SIGKILL')
  }, 20)
  const code = await new Promise<number | null>((resolve) => job.once('close', resolve))
  clearInterval(watch)
  if (code !== 0) process.stderr.write(wrong.slice(-3000))
  return { code, said, wrong, killedAfter, seconds: (performance.now() - begun) / 1000 }
}
