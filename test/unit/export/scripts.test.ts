/** The Python that goes out with bundles and jobs: each script imports the modules whose members it names. Python finds that out only when the line runs. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const modules = ['argparse', 'csv', 'dask', 'distributed', 'glob', 'hashlib', 'json', 'math', 'np', 'os', 'pathlib', 'prepared', 'ray', 're', 'scorer', 'shutil', 'subprocess', 'sys', 'tempfile', 'threading', 'time', 'torch', 'base64', 'copy']

test.each(['batch/dask_score.py', 'batch/ray_score.py', 'batch/spark_score.py', 'batch/scorer.py', 'elsewhere/prepared.py', 'elsewhere/train_xgboost_dask.py', 'elsewhere/train_torch.py'])('%s', (name) => {
  const text = readFileSync(fileURLToPath(new URL(`../../../src/export/${name}`, import.meta.url)), 'utf8')
  const code = text.replace(/"""[^]*?"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#.*/g, '')
  const used = modules.filter((module) => new RegExp(`(?<![\\w.])${module}\\.\\w`).test(code))
  const imported = [...code.matchAll(/^\s*(?:import|from) (\w+)(?: as (\w+))?/gm)].map(([, module, name]) => name ?? module)
  expect(used.length).toBeGreaterThan(0)
  expect(used.filter((module) => !imported.includes(module))).toEqual([])
})
