/** The Python that goes out with bundles and jobs: each script imports the modules whose members it names. Python finds that out only when the line runs. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'

const modules = ['argparse', 'csv', 'dask', 'distributed', 'glob', 'hashlib', 'json', 'math', 'np', 'os', 'pathlib', 'prepared', 'ray', 're', 'scorer', 'shutil', 'subprocess', 'sys', 'tempfile', 'threading', 'time', 'torch', 'base64', 'copy', 'learning']

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
  // As files come out of a zip: older than anything.
  const bundle = (text: string): void => {
    const path = join(place, 'bundle/manifest.json')
    writeFileSync(path, text)
    utimesSync(path, 315532800, 315532800)
  }
  for (const name of ['a.csv', 'b.csv', 'c.csv']) writeFileSync(join(place, 'data', name), 'x\n1\n')
  const answered = `
import json, os, sys, types
import scorer
wanted = json.loads(sys.argv[1])
options = types.SimpleNamespace(partitions="data/*.csv", out="out", bundle="bundle", resume=wanted["resume"])
todo, kept = scorer.plan(options)
results = []
for source, target in todo[: wanted["stopAfter"]]:
    with open(target, "w") as file:
        file.write(wanted["model"])
    results.append({"out": target, "rows": 1, "unanswered": 0})
if len(results) == len(todo):
    scorer.finish("out", results, kept)
`
  /** Scores with a model that writes its own name, and stops after so many partitions as a killed driver does. */
  const score = (model: string, resume: boolean, stopAfter = 3): { readonly answers: readonly string[]; readonly complete: boolean } => {
    const done = spawnSync('python3', ['-c', answered, JSON.stringify({ model, resume, stopAfter })], { cwd: place, encoding: 'utf8', env: { ...process.env, PYTHONPATH: fileURLToPath(new URL('../../../src/export/batch', import.meta.url)), PYTHONDONTWRITEBYTECODE: '1' } })
    expect(done.stderr).toBe('')
    const path = (name: string): string => join(place, 'out', name)
    return { answers: ['a.csv', 'b.csv', 'c.csv'].map((name) => (existsSync(path(name)) ? readFileSync(path(name), 'utf8') : '')), complete: existsSync(path('_predictions.json')) }
  }
  test('is complete only when every partition has been answered by one model, whatever was in it before', () => {
    bundle('first')
    expect(score('one', false, 1)).toEqual({ answers: ['one', '', ''], complete: false })
    expect(score('two', true)).toEqual({ answers: ['one', 'two', 'two'], complete: true })
    expect(score('three', true)).toEqual({ answers: ['one', 'two', 'two'], complete: true })
    bundle('second')
    // Stopped on the way, taken up again: nothing of the first bundle stays.
    expect(score('new', true, 1)).toEqual({ answers: ['new', 'two', 'two'], complete: false })
    expect(score('later', true)).toEqual({ answers: ['new', 'later', 'later'], complete: true })
    const soon = Date.now() / 1000 + 60
    utimesSync(join(place, 'data/b.csv'), soon, soon)
    expect(score('again', true)).toEqual({ answers: ['new', 'again', 'later'], complete: true })
    expect(score('last', false, 0)).toEqual({ answers: ['new', 'again', 'later'], complete: false })
  })
})
