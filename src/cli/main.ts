/** The entry: `glasshouse COMMAND ...`. One clear line on standard error for whatever goes wrong. */
import { asStudioError, StudioError } from '../core/errors.ts'
import type { Io } from './io.ts'
import { ProgressLine } from './progress.ts'
import { exits, UsageError, usageText } from './usage.ts'
import { appVersion } from './version.ts'

type Command = (argv: readonly string[], io: Io) => Promise<void>
const commands: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['train', async () => (await import('./train.ts')).train],
  ['retrain', async () => (await import('./retrain.ts')).retrain],
  ['predict', async () => (await import('./predict.ts')).predict],
  ['verify', async () => (await import('./verify.ts')).verify],
  ['monitor', async () => (await import('./monitor.ts')).monitor],
  ['single', async () => (await import('./single.ts')).single],
  ['serve', async () => (await import('./serve.ts')).serve],
])

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

function exitCodeOf(error: StudioError): number {
  if (error.code === 'bad-param') return exits.usage
  if (error.code === 'bad-data' || error.code === 'bundle-mismatch' || error.code === 'diverged') return exits.data
  return error.code === 'cancelled' ? exits.interrupted : exits.failed
}

async function run(argv: readonly string[], io: Io): Promise<void> {
  const [name, ...rest] = argv
  if (name === '--help' || name === '-h' || name === 'help' || rest.includes('--help')) return io.out(usageText())
  if (name === '--version') return io.out(`${appVersion}\n`)
  const known = [...commands.keys()].join(', ')
  if (name === undefined) throw new UsageError(`missing command; one of ${known} (--help says more)`)
  const command = commands.get(name)
  if (!command) throw new UsageError(`unknown command; not one of ${known} (--help says more): ${name}`)
  await (await command())(rest, io)
}

const stop = new AbortController()
const progress = new ProgressLine(process.stderr, () => performance.now())
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second one does not wait for a checkpoint.
    if (stop.signal.aborted) process.exit(exits.interrupted)
    stop.abort(signal)
  })
}
// A reader that goes away, such as `head`, is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? exits.good : exits.failed))

// Threads and ports keep no process alive; a command under way does.
const underWay = setInterval(() => {}, 60_000)
try {
  await run(process.argv.slice(2), { out: (content) => void process.stdout.write(content), progress, signal: stop.signal })
} catch (thrown) {
  progress.clear()
  const usage = thrown instanceof UsageError
  const error = usage ? undefined : asStudioError(thrown)
  const hint = error?.code === 'cancelled' ? (process.argv.includes('--checkpoint') ? ' (the same command goes on from what --checkpoint kept)' : ' (nothing was kept)') : error?.hint && error.code !== 'bug' ? ` (${error.hint})` : ''
  process.stderr.write(`glasshouse: ${oneLine((thrown as Error).message || String(error?.message))}${oneLine(hint) && ` ${oneLine(hint)}`}\n`)
  if (error?.code === 'bug' && process.env['DEBUG']) process.stderr.write(`${(thrown as Error).stack}\n`)
  process.exitCode = error ? exitCodeOf(error) : exits.usage
} finally {
  clearInterval(underWay)
}
