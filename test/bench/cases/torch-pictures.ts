/**
 * A training elsewhere by PyTorch on pictures: a convolutional network's job on BENCH_PICTURES digits (2,000), changed as
 * it learns, killed in the middle and taken up again with --resume. Its weights come back as a run that answers as PyTorch
 * does, and as the studio's own does as far as rounding lets it.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { needs, python } from '../cluster.ts'
import { tell } from '../harness.ts'
import { startVite } from '../vite.ts'

const count = Number(process.env['BENCH_PICTURES'] ?? 2000)
/** Hundreds of steps make another network of the rounding; on 400 pictures, two of one recipe lie as near. */
const slack = 0.015

/** What PyTorch says to the studio's validation pictures, by the weights of result.json. */
const asks = `
import json, sys
sys.path.insert(0, sys.argv[1])
import numpy as np, torch, train_pictures_torch as job
plan = json.load(open(sys.argv[1] + "/job.json"))["cnn"]
plan["theta"] = json.load(open(sys.argv[2]))["cnn"]["theta"]
net = job.network(plan).eval()
X = torch.from_numpy(np.fromfile(sys.argv[3], "<f4").reshape(-1, *plan["shape"]))
X = (X - torch.tensor(plan["means"])) / torch.tensor(plan["deviations"])
with torch.no_grad():
    print(json.dumps(torch.softmax(net(X.permute(0, 3, 1, 2)), 1).ravel().tolist()))
`

/** @returns whether the job's model is the studio's */
export async function run(json: boolean): Promise<boolean> {
  needs('torch', 'python3-torch')
  const folder = mkdtempSync(join(tmpdir(), 'bench-torch-pictures-'))
  const vite = await startVite()
  try {
    const { makePicturesJob } = (await vite.ssrLoadModule('/test/bench/pictures-job.ts')) as typeof import('../pictures-job.ts')
    const { own, bring } = await makePicturesJob(folder, count, { maxIter: 8, shift: 0.08, rotate: 10, zoom: 0.1, backend: 'wasm' })
    const [work, out] = [join(folder, 'work'), join(folder, 'result.json')]
    const command = [join(folder, 'train_pictures_torch.py'), '--work', work, '--out', out]
    const doomed = spawn(python, command, { stdio: 'ignore' })
    while (doomed.exitCode === null && !existsSync(join(work, '_network.pt'))) await new Promise((done) => setTimeout(done, 50))
    const killed = doomed.kill('SIGKILL')
    const begun = performance.now()
    const resumed = spawnSync(python, [...command, '--resume'], { encoding: 'utf8' })
    const seconds = (performance.now() - begun) / 1000
    if (resumed.status !== 0) process.stderr.write(resumed.stderr)
    const back = await bring(readFileSync(out, 'utf8'))
    writeFileSync(join(folder, 'valid.f32'), new Uint8Array(back.pixels.buffer, back.pixels.byteOffset, back.pixels.byteLength))
    const asked = spawnSync(python, ['-c', asks, folder, out, join(folder, 'valid.f32')], { encoding: 'utf8', maxBuffer: 2 ** 28 })
    if (asked.status !== 0) process.stderr.write(asked.stderr)
    const theirs = JSON.parse(asked.stdout) as number[]
    const apart = theirs.reduce((most, value, i) => Math.max(most, Math.abs(value - (back.probabilities[i] as number))), theirs.length === back.probabilities.length ? 0 : 1)
    const passed = killed && back.facts['sameRows'] === true && apart <= 1e-5 && Math.abs(back.accuracy - own.accuracy) <= slack
    const short = (value: number): number => Number(value.toFixed(4))
    tell({ name: 'torch-pictures, cnn', pictures: count, secondsOfTheStudio: short(own.seconds), secondsAfterTheKill: short(seconds), killedAndResumed: killed, largestDifference: apart, accuracyOfTheStudio: own.accuracy, accuracyElsewhere: back.accuracy, logLossOfTheStudio: short(own.logLoss), logLossElsewhere: short(back.logLoss), epochs: `${String(own.facts['epochs'])} and ${String(back.facts['epochs'])}`, passed }, json)
    return passed
  } finally {
    await vite.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
