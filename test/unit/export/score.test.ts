/** The bundle's scorer as its own process, on partitions as an engine would hand them out. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { columnFrom } from '../../../src/core/data/column.ts'
import type { Dataset } from '../../../src/core/data/dataset.ts'
import { deployExport } from '../../../src/tasks/deploy-export.ts'
import { deployed } from '../../support/deployed.ts'
import { unpack } from '../../support/served-bundle.ts'

const rows = 60
const size = Array.from({ length: rows }, (_, row) => (row * 7) % 23)
const place = Array.from({ length: rows }, (_, row) => ['hill', 'shore'][row % 2] as string)
const outcome = size.map((value, row) => (value > 11 !== (place[row] === 'shore') ? 'yes' : 'no'))
const dataset: Dataset = {
  id: 'd',
  name: 'parts',
  rows,
  columns: [columnFrom('size', 'numeric', size), columnFrom('place', 'categorical', place), columnFrom('outcome', 'categorical', outcome)],
  source: { kind: 'derived', fileName: 'parts', bytes: 0, sha256: '0'.repeat(64) },
}
const folder = mkdtempSync(join(tmpdir(), 'glasshouse-score-'))
const path = (name: string): string => join(folder, name)
const score = (...args: string[]): { readonly status: number | null; readonly out: string; readonly err: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['server/score.mjs', ...args], { cwd: folder, encoding: 'utf8' })
  return { status, out: stdout, err: stderr }
}
let expected: readonly string[]

beforeAll(async () => {
  const { host, runId, result } = await deployed(dataset, 'binary', 'decision-tree')
  const { zip } = await deployExport({ runId, name: 'parts', intendedUse: '', limitations: '' }, host)
  await unpack(zip as Uint8Array, folder)
  const prediction = await result.pipeline.predict(dataset.columns)
  if (prediction.task === 'regression') throw new Error('a class was asked for')
  // The run's threshold is 0.4.
  expected = Array.from({ length: rows }, (_, row) => prediction.classes[(prediction.probabilities[row * 2 + 1] as number) >= 0.4 ? 1 : 0] as string)
  writeFileSync(path('whole.csv'), `place,size\n${size.map((value, row) => `${place[row]},${value}`).join('\n')}\n`)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('server/score.mjs', () => {
  it('answers each row of a partition as the studio does, and leaves nothing half written beside it', () => {
    const { status, out } = score('whole.csv', 'whole-scored.csv')
    expect(status).toBe(0)
    expect(JSON.parse(out)).toEqual({ in: 'whole.csv', out: 'whole-scored.csv', rows, unanswered: 0, issues: [] })
    const lines = readFileSync(path('whole-scored.csv'), 'utf8').trim().split('\r\n')
    expect(lines[0]).toBe('place,size,prediction,probability of no,probability of yes')
    expect(lines.slice(1).map((line) => line.split(',')[2])).toEqual(expected)
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  it('answers lines until its input ends; a bad partition is named and the next one is answered', async () => {
    writeFileSync(path('bad.csv'), 'place\nhill\n')
    writeFileSync(path('odd.csv'), 'place,size\nhill,3\nhill,tall\n')
    const child = spawn(process.execPath, ['server/score.mjs', '--lines'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = new Promise((resolve) => child.once('close', resolve))
    for (const line of ['{"in":"bad.csv","out":"bad-scored.csv"}', '{"in":"gone.csv","out":"x.csv"}', 'no JSON', '{"in":3}', '{"in":"odd.csv","out":"odd-scored.csv"}']) child.stdin.write(`${line}\n`)
    child.stdin.end()
    const answers: Record<string, unknown>[] = []
    for await (const line of createInterface({ input: child.stdout })) answers.push(JSON.parse(line) as Record<string, unknown>)
    expect(await ended).toBe(0)
    expect(answers).toHaveLength(5)
    expect(answers[0]?.['error']).toBe('missing columns; the model reads them, and the file has none of that name: size')
    expect(answers[1]?.['error']).toContain('gone.csv')
    expect(answers[2]?.['error']).toContain('JSON')
    expect(answers[3]?.['error']).toBe('invalid line; it must be {"in": PATH, "out": PATH}')
    expect(answers[4]).toMatchObject({ rows: 2, unanswered: 1 })
    expect(readdirSync(folder).filter((name) => name.startsWith('bad-scored') || name.endsWith('.part'))).toEqual([])
  })

  it('refuses bad usage with 2, a bad file with 3 and a changed bundle with 78', () => {
    expect(score('whole.csv').status).toBe(2)
    expect(score('gone.csv', 'x.csv').status).toBe(3)
    const golden = readFileSync(path('golden.json'))
    writeFileSync(path('golden.json'), Buffer.concat([golden, Buffer.from(' ')]))
    const { status, err } = score('whole.csv', 'x.csv')
    writeFileSync(path('golden.json'), golden)
    expect(status).toBe(78)
    expect(err).toContain('golden.json must have SHA-256')
  })
})

/** What our jobs ask of the engines, on this machine: neither is in Debian, so that their clusters are not tested. */
const engines: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ray: {
    'ray.py': `
def init(address=None, runtime_env=None):
    assert address == "auto" and [module.__name__ for module in runtime_env["py_modules"]] == ["scorer"]
class Task:
    def __init__(self, work):
        self.work = work
    def remote(self, *given):
        return lambda: self.work(*given)
def remote(num_cpus, max_retries):
    return Task
def get(promises):
    return [promise() for promise in promises]
`,
  },
  spark: {
    'pyspark/__init__.py': '',
    'pyspark/sql.py': `
class Rows:
    def __init__(self, rows):
        self.rows = rows
    def map(self, work):
        return Rows([work(row) for row in self.rows])
    def collect(self):
        return list(self.rows)
class SparkSession:
    class builder:
        @staticmethod
        def appName(name):
            return SparkSession.builder
        @staticmethod
        def getOrCreate():
            return SparkSession
    class sparkContext:
        defaultParallelism = 2
        @staticmethod
        def addPyFile(path):
            assert path.endswith("batch/scorer.py")
        @staticmethod
        def parallelize(rows, slices):
            assert 1 <= slices <= len(rows)
            return Rows(rows)
`,
  },
}
describe.skipIf(spawnSync('python3', ['--version']).status !== 0)('batch/', () => {
  it.each(Object.keys(engines))('the job for %s scores every partition, and says when it is done', (engine) => {
    const own = path(`engine-${engine}`)
    for (const [name, text] of Object.entries(engines[engine] as Record<string, string>)) {
      mkdirSync(dirname(join(own, name)), { recursive: true })
      writeFileSync(join(own, name), text)
    }
    const lines = readFileSync(path('whole.csv'), 'utf8').trim().split('\n')
    const parts = [lines.slice(1, 26), lines.slice(26)]
    parts.forEach((part, i) => writeFileSync(join(own, `part-${i}.csv`), `${[lines[0], ...part].join('\n')}\n`))
    const argv = [path(`batch/${engine}_score.py`), join(own, 'part-*.csv'), '--out', join(own, 'scored'), '--node', process.execPath, ...(engine === 'ray' ? ['--address', 'auto'] : [])]
    // As a worker that was lost leaves it.
    mkdirSync(join(own, 'scored'))
    writeFileSync(join(own, 'scored', 'part-1.csv.0a1b2c3d.part'), 'half')
    const run = (...more: string[]) => spawnSync('python3', [...argv, ...more], { encoding: 'utf8', env: { ...process.env, PYTHONPATH: own, PYTHONDONTWRITEBYTECODE: '1' } })
    const { status, stderr } = run()
    expect(status, stderr).toBe(0)
    const answers = parts.flatMap((_, i) => readFileSync(join(own, 'scored', `part-${i}.csv`), 'utf8').trim().split('\r\n').slice(1).map((line) => line.split(',')[2]))
    expect(answers).toEqual(expected)
    const summary = () => JSON.parse(readFileSync(join(own, 'scored', '_predictions.json'), 'utf8')) as object
    const whole = summary()
    expect(whole).toMatchObject({ rows, unanswered: 0, kept: [], partitions: [{ rows: 25 }, { rows: 35 }] })
    expect(readdirSync(join(own, 'scored')).sort()).toEqual(['_predictions.json', '_scored', 'part-0.csv', 'part-1.csv'])
    // Taken up again where one output is gone, it tells of the whole folder.
    rmSync(join(own, 'scored', 'part-1.csv'))
    run('--resume')
    expect(summary()).toEqual({ ...whole, kept: [join(own, 'scored', 'part-0.csv')] })
  })
})
