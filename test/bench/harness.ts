/** Runs a case: data made once by the peer's script, then ours and the peer, each warmed up and repeated. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What has to hold beside the peer. */
export interface Gate {
  /** Our time is at most this many times the peer's. */
  readonly ratio: number
  /** Ours may be worse than the peer's by this margin, or this share of the peer's; default: anything. */
  readonly quality?: { readonly best: 'high' | 'low' } & ({ readonly margin: number } | { readonly share: number })
}

export interface Bench {
  readonly gate?: Gate
  /** Script beside the cases: `PEER data FOLDER` makes the data, `PEER run FOLDER REPEATS THREADS` prints JSON { ms: number[], quality: number }. */
  readonly peer: string
  /** Threads that both may use, for peers that take a number of them as the last word; default 1. */
  readonly threads?: number
  /** More words for the peer, after the number of threads. */
  readonly words?: readonly string[]
  /** Python modules it imports, each with the Debian package that has it. */
  readonly needs: readonly (readonly [module: string, debian: string])[]
  /** Reads the data of a folder and returns what is timed: one run and its quality. */
  readonly load: (folder: string) => Promise<() => Promise<Measured>>
}
export interface Measured {
  readonly ms: number
  readonly quality: number
  /** Where answers have to be the peer's own: called once, after the peer's run wrote its into the folder. Part of the gate. */
  readonly compare?: () => Comparison
}
export interface Comparison {
  readonly equal: boolean
  /** What was compared, and how far apart the two are. */
  readonly told: string
}

const python = process.env['BENCH_PYTHON'] ?? '/usr/bin/python3'
export const repeats = 5
const quickMs = 100
const manyRepeats = 35

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number

function runPeer(script: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(python, ['-B', script, ...args], { encoding: 'utf8', maxBuffer: 2 ** 26 })
  if (status === 0) return stdout
  process.stderr.write(`${error?.message ?? stderr}\n`)
  process.exit(1)
}

function checkPeer(needs: Bench['needs']): void {
  const missing = needs.filter(([module]) => spawnSync(python, ['-c', `import ${module}`]).status !== 0)
  if (missing.length === 0) return
  process.stderr.write(`missing peer; ${python} cannot import ${missing.map(([module]) => module).join(', ')}. Install: apt-get install ${missing.map(([, debian]) => debian).join(' ')}\n`)
  process.exit(2)
}

/** One line of a case that has no peer: JSON, or names and values. */
export function tell(line: Readonly<Record<string, unknown>>, json: boolean): void {
  const words = Object.entries(line).map(([key, value]) => `${key === 'name' ? '' : `${key} `}${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
  process.stdout.write(json ? `${JSON.stringify(line)}\n` : `${words.join('  ')}\n`)
}

/** @returns whether its gate holds; true where it has none */
export async function runCase(name: string, bench: Bench, json: boolean): Promise<boolean> {
  checkPeer(bench.needs)
  const script = fileURLToPath(new URL(`./cases/${bench.peer}`, import.meta.url))
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  try {
    runPeer(script, 'data', folder, '0', '1', ...(bench.words ?? []))
    const once = await bench.load(folder)
    const { ms: warming } = await once()
    // What ends at once is at the mercy of whatever else the machine does then.
    const times = warming < quickMs ? manyRepeats : repeats
    const ours: Measured[] = []
    for (let i = 0; i < times; i++) ours.push(await once())
    const peer = JSON.parse(runPeer(script, 'run', folder, String(times), String(bench.threads ?? 1), ...(bench.words ?? []))) as { ms: number[]; quality: number }
    const oursMs = median(ours.map((run) => run.ms))
    const peerMs = median(peer.ms)
    const ratio = oursMs / peerMs
    const { quality, compare } = ours[0] as Measured
    const answers = compare?.()
    const held = bench.gate === undefined || (ratio <= bench.gate.ratio && isGoodEnough(bench.gate, quality, peer.quality) && answers?.equal !== false)
    const gate = bench.gate && { gate: bench.gate.ratio, verdict: held ? 'met' : 'missed' }
    const line = { name, ours_ms: round(oursMs, 1), peer_ms: round(peerMs, 1), ratio: round(ratio, 3), quality_ours: round(quality, 6), quality_peer: round(peer.quality, 6), ...(answers && { answers: `${answers.equal ? 'equal' : 'NOT EQUAL'}: ${answers.told}` }), ...gate }
    process.stdout.write(json ? `${JSON.stringify(line)}\n` : `${Object.values(line).join('  ')}\n`)
    return held
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function isGoodEnough({ quality }: Gate, ours: number, peers: number): boolean {
  if (!quality) return true
  const slack = 'margin' in quality ? quality.margin : quality.share * Math.abs(peers)
  // What both compute to the last bit may still be printed by one and summed by the other.
  return (quality.best === 'high' ? peers - ours : ours - peers) <= slack + 1e-9
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits))
