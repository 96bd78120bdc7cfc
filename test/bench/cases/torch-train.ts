/**
 * A training elsewhere by PyTorch: a network's job over a partitioned CSV. First the studio's own rows, where every row
 * keeps its part and the answer must be as good as the studio's; then BENCH_ROWS rows (500,000), the job killed in the
 * middle and taken up again with --resume. Its weights come back as a model that answers as PyTorch does.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { needs, python } from '../cluster.ts'
import { tell } from '../harness.ts'
import { startVite } from '../vite.ts'

const allRows = Number(process.env['BENCH_ROWS'] ?? 500_000)
const partitions = 10
/** Another order of batches moves the log loss of 2,000 rows by as much. */
const slack = 0.02

/** What PyTorch says to the studio's prepared rows, by the weights of result.json. */
const asks = `
import base64, json, sys
import numpy as np, torch
n = json.load(open(sys.argv[1]))["network"]
w, at, layers = np.frombuffer(base64.b64decode(n["theta"]), "<f4"), 0, []
for a, b in zip(n["sizes"], n["sizes"][1:]):
    dense = torch.nn.Linear(a, b)
    dense.weight.data = torch.from_numpy(w[at:at + a * b].reshape(a, b).T.copy())
    dense.bias.data = torch.from_numpy(w[at + a * b:at + (a + 1) * b].copy())
    at += (a + 1) * b
    layers += [dense, torch.nn.ReLU()]
X = torch.from_numpy(np.fromfile(sys.argv[2], "<f4").reshape(-1, n["sizes"][0]))
print(json.dumps(torch.softmax(torch.nn.Sequential(*layers[:-1])(X), 1)[:, 1].tolist()))
`

/** @returns whether the job's model is the studio's */
export async function run(json: boolean): Promise<boolean> {
  needs('torch', 'python3-torch')
  const folder = mkdtempSync(join(tmpdir(), 'bench-torch-'))
  const vite = await startVite()
  try {
    const { makeJob } = (await vite.ssrLoadModule('/test/bench/elsewhere-job.ts')) as typeof import('../elsewhere-job.ts')
    const job = join(folder, 'job')
    mkdirSync(job)
    const { table, rows: ownRows, bring, own } = await makeJob(job, 'mlp', { hiddenLayerSizes: '16, 8', maxIter: 15, earlyStopping: false, backend: 'wasm' })
    const commands = (data: string, work: string, ...more: string[]): string[] => [join(job, 'train_torch.py'), join(folder, data, 'part-*.csv'), '--work', join(folder, work), '--out', join(folder, `${work}.json`), ...more]
    const write = (data: string, csvs: readonly string[]): void => {
      mkdirSync(join(folder, data))
      csvs.forEach((csv, i) => writeFileSync(join(folder, data, `part-${String(i).padStart(4, '0')}.csv`), csv))
    }
    const judged = async (work: string): Promise<{ readonly logLoss: number; readonly apart: number }> => {
      const { logLoss, features, probabilities } = await bring(readFileSync(join(folder, `${work}.json`), 'utf8'))
      writeFileSync(join(folder, 'rows.f32'), new Uint8Array(features.values.buffer))
      const asked = spawnSync(python, ['-c', asks, join(folder, `${work}.json`), join(folder, 'rows.f32')], { encoding: 'utf8', maxBuffer: 2 ** 28 })
      if (asked.status !== 0) process.stderr.write(asked.stderr)
      const theirs = JSON.parse(asked.stdout) as number[]
      return { logLoss, apart: theirs.reduce((most, value, row) => Math.max(most, Math.abs(value - (probabilities[row] as number))), theirs.length === probabilities.length ? 0 : 1) }
    }

    write('same', ownRows(2))
    const first = spawnSync(python, commands('same', 'first'), { encoding: 'utf8' })
    if (first.status !== 0) process.stderr.write(first.stderr)
    const same = await judged('first')
    const asInTheStudio = (JSON.parse(first.stdout.trim().split('\n').at(-1) as string) as { split: string }).split === 'as in the studio'

    const rowsEach = Math.ceil(allRows / partitions)
    write('many', Array.from({ length: partitions }, (_, i) => table(rowsEach, 300 + i).csv))
    const begun = performance.now()
    const doomed = spawn(python, commands('many', 'second'), { stdio: 'ignore' })
    while (doomed.exitCode === null && !existsSync(join(folder, 'second', '_network.pt'))) await new Promise((done) => setTimeout(done, 50))
    const killed = doomed.kill('SIGKILL')
    const second = spawnSync(python, commands('many', 'second', '--resume'), { encoding: 'utf8' })
    if (second.status !== 0) process.stderr.write(second.stderr)
    const many = await judged('second')
    const { rows } = JSON.parse(readFileSync(join(folder, 'second.json'), 'utf8')) as { rows: { train: number; valid: number; test: number } }
    const passed = asInTheStudio && Math.abs(same.logLoss - own) <= slack && same.apart <= 1e-5 && killed && rows.train + rows.valid + rows.test === rowsEach * partitions && many.apart <= 1e-5 && many.logLoss <= same.logLoss + slack
    tell({ name: 'torch-train, mlp', rows: rowsEach * partitions, seconds: Number(((performance.now() - begun) / 1000).toFixed(1)), killedAndResumed: killed, largestDifference: Math.max(same.apart, many.apart), logLossOfTheStudio: Number(own.toFixed(5)), logLossElsewhere: Number(same.logLoss.toFixed(5)), logLossOfAllRows: Number(many.logLoss.toFixed(5)), passed }, json)
    return passed
  } finally {
    await vite.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
