/** The Python that goes out with bundles and jobs: each script imports the modules whose members it names. Python finds that out only when the line runs. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'

const modules = ['argparse', 'csv', 'dask', 'distributed', 'glob', 'hashlib', 'json', 'math', 'np', 'os', 'pathlib', 'prepared', 'ray', 're', 'scorer', 'shutil', 'subprocess', 'sys', 'tempfile', 'threading', 'time', 'torch', 'base64', 'copy', 'learning', 'uuid']

test.each(['batch/dask_score.py', 'batch/ray_score.py', 'batch/spark_score.py', 'batch/scorer.py', 'elsewhere/prepared.py', 'elsewhere/train_xgboost_dask.py', 'elsewhere/train_torch.py', 'elsewhere/train_pictures_torch.py', 'elsewhere/learning.py'])('%s', (name) => {
  const text = readFileSync(fileURLToPath(new URL(`../../../src/export/${name}`, import.meta.url)), 'utf8')
  const code = text.replace(/"""[^]*?"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#.*/g, '')
  const used = modules.filter((module) => new RegExp(`(?<![\\w.])${module}\\.\\w`).test(code))
  const imported = [...code.matchAll(/^\s*(?:import|from) (\w+)(?: as (\w+))?/gm)].map(([, module, name]) => name ?? module)
  expect(used.length).toBeGreaterThan(0)
  expect(used.filter((module) => !imported.includes(module))).toEqual([])
})

/** Without Python nothing here can be run; what the scripts import is read above. */
const python = spawnSync('python3', ['--version']).status === 0

describe.skipIf(!python)('a folder of outputs', () => {
  const place = mkdtempSync(join(tmpdir(), 'glasshouse-plan-'))
  afterAll(() => rmSync(place, { recursive: true }))
  mkdirSync(join(place, 'data'))
  mkdirSync(join(place, 'bundle'))
  for (const name of ['a.csv', 'b.csv', 'c.csv']) writeFileSync(join(place, 'data', name), 'x\n1\n')
  const program = `
import json, os, sys, types
import scorer
names = ["a.csv", "b.csv", "c.csv"]
for wanted in json.loads(sys.argv[1]):
    if "bundle" in wanted:
        with open("bundle/manifest.json", "w") as file:
            file.write(wanted["bundle"])
        # As files come out of a zip: older than anything.
        os.utime("bundle/manifest.json", (315532800, 315532800))
    if "dated" in wanted:
        os.utime("data/b.csv", (wanted["dated"], wanted["dated"]))
    def answer(command, source, target):
        with open(target, "w") as file:
            file.write(wanted["model"])
        if wanted.get("killedAt") == os.path.basename(target):
            sys.exit()
        return {"in": source, "out": target, "rows": 2, "unanswered": 1}
    scorer.ask = answer
    bundle, todo, kept = scorer.plan(types.SimpleNamespace(partitions="data/*.csv", out="out", bundle="bundle", resume=wanted.get("resume", True)))
    results = []
    try:
        for source, target in todo[: wanted.get("stopAfter", 3)]:
            results.append(scorer.score([], bundle, source, target))
        if len(results) == len(todo):
            scorer.finish("out", bundle, results, kept)
    except SystemExit:
        pass
    told = {"answers": [open(f"out/{name}").read() if os.path.exists(f"out/{name}") else "" for name in names]}
    if os.path.exists("out/_predictions.json"):
        summary = json.load(open("out/_predictions.json"))
        told |= {"rows": summary["rows"], "unanswered": summary["unanswered"], "partitions": [os.path.basename(one["out"]) for one in summary["partitions"]], "kept": [os.path.basename(path) for path in summary["kept"]]}
    print(json.dumps(told), file=sys.stderr)
`
  /** One scoring after another, each by a model that writes its own name. It may stop after so many partitions as a killed driver does, or right behind an output as a killed worker does. */
  interface Scoring {
    readonly model: string
    readonly bundle?: string
    /** The date of b.csv, in seconds. */
    readonly dated?: number
    readonly resume?: boolean
    readonly stopAfter?: number
    readonly killedAt?: string
  }
  const score = (...scorings: readonly Scoring[]): unknown[] => {
    const done = spawnSync('python3', ['-c', program, JSON.stringify(scorings)], { cwd: place, encoding: 'utf8', env: { ...process.env, PYTHONPATH: fileURLToPath(new URL('../../../src/export/batch', import.meta.url)), PYTHONDONTWRITEBYTECODE: '1' } })
    expect(done.status, done.stderr).toBe(0)
    return done.stderr.trim().split('\n').map((line) => JSON.parse(line) as unknown)
  }
  test('is complete only when every partition has been answered by one model, whatever was in it before; what it then tells is of all of them', () => {
    const whole = { rows: 6, unanswered: 3, partitions: ['a.csv', 'b.csv', 'c.csv'] }
    const steps: readonly (readonly [Scoring, object])[] = [
      [{ model: 'one', bundle: 'first', resume: false, stopAfter: 1 }, { answers: ['one', '', ''] }],
      [{ model: 'two' }, { answers: ['one', 'two', 'two'], ...whole, kept: ['a.csv'] }],
      [{ model: 'three' }, { answers: ['one', 'two', 'two'], ...whole, kept: ['a.csv', 'b.csv', 'c.csv'] }],
      // Stopped on the way, taken up again: nothing of the first bundle stays.
      [{ model: 'new', bundle: 'second', stopAfter: 1 }, { answers: ['new', 'two', 'two'] }],
      [{ model: 'later' }, { answers: ['new', 'later', 'later'], ...whole, kept: ['a.csv'] }],
      [{ model: 'again', dated: Date.now() / 1000 + 60 }, { answers: ['new', 'again', 'later'], ...whole, kept: ['a.csv', 'c.csv'] }],
      // An older file in the place of a newer one is another one too.
      [{ model: 'older', dated: 1e9 }, { answers: ['new', 'older', 'later'], ...whole, kept: ['a.csv', 'c.csv'] }],
      [{ model: 'last', resume: false, stopAfter: 0 }, { answers: ['new', 'older', 'later'] }],
      // Nobody counted the rows of an output whose worker was killed behind it.
      [{ model: 'killed', killedAt: 'b.csv' }, { answers: ['killed', 'killed', 'later'] }],
      [{ model: 'end' }, { answers: ['killed', 'end', 'end'], ...whole, kept: ['a.csv'] }],
    ]
    expect(score(...steps.map(([scoring]) => scoring))).toEqual(steps.map(([, told]) => told))
  })
})
