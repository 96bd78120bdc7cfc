/** A training elsewhere as a zip: the job, the program that prepares rows or rows that are prepared, the script that trains. */
/// <reference path="../virtual.d.ts" />
import type { CnnPlan } from '../../core/elsewhere/cnn.ts'
import type { ElsewhereJob, TorchNetwork } from '../../core/elsewhere/job.ts'
import { augments } from '../../core/images/augment.ts'
import type { ZipEntry } from '../../core/zip.ts'
import { chanceLines } from '../../core/code/twin/chance.ts'
import scorer from '../batch/scorer.py?raw'
import learning from './learning.py?raw'
import prepared from './prepared.py?raw'
import linearScript from './train_linear_torch.py?raw'
import picturesScript from './train_pictures_torch.py?raw'
import torchScript from './train_torch.py?raw'
import xgboostScript from './train_xgboost_dask.py?raw'
import preparer from 'virtual:glasshouse-preparer'

/** Prepared rows that the job carries. */
export interface JobRows {
  readonly name: string
  /** Row-major, shape (rows, width). */
  readonly values: Float32Array
  /** Class codes or values, shape (rows). */
  readonly truth: Float64Array
}

export function elsewhereFiles(job: ElsewhereJob, rows?: JobRows): ZipEntry[] {
  const encoder = new TextEncoder()
  const texts: [string, string][] = [
    ['README.md', job.prepared ? picturesReadme(job) : readme(job)],
    ['job.json', `${JSON.stringify(job)}\n`],
    ...(job.prepared ? [] : [['prepare.mjs', preparer] as [string, string]]),
    ['scorer.py', scorer],
    ['prepared.py', prepared],
    ...scriptsOf(job),
  ]
  const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength)
  return [
    ...texts.map(([name, text]) => ({ name, bytes: encoder.encode(text) })),
    // Pixels shrink little, and half a gigabyte takes long.
    ...(rows ? [{ name: `${rows.name}.x`, bytes: bytesOf(rows.values), store: true }, { name: `${rows.name}.y`, bytes: bytesOf(rows.truth) }] : []),
  ]
}

const chance = ['"""The studio\'s own source of chance, so that batches and changed pictures are those of the run."""', 'import math', '', '', ...chanceLines, ''].join('\n')

function scriptsOf({ torch, linear, cnn }: ElsewhereJob): [string, string][] {
  if (cnn) return [['train_pictures_torch.py', picturesScript], ['learning.py', learning], ['chance.py', chance]]
  if (torch) return [['train_torch.py', torchScript], ['learning.py', learning]]
  return linear ? [['train_linear_torch.py', linearScript]] : [['train_xgboost_dask.py', xgboostScript]]
}

const readme = (job: ElsewhereJob): string => `# ${job.name}, trained elsewhere

${job.torch ? withTorch(job.torch) : job.linear ? withLinear(job.recipe.features.length) : withXgboost(job.xgboost?.rounds ?? 0)}

The partitions are CSV files with a header, with the columns of the studio's data; together they may be the same rows or
many more. prepare.mjs reads and prepares them as the studio does, with the recipe that the studio fitted. The target is
\`${job.spec.target.column}\`. Where the partitions hold just the rows of the studio, every row keeps its part; else rows are dealt anew
by the same shares. Test rows are not learnt from and not judged.

Bring result.json back on the Train page ("Bring in"): it becomes a run of the same experiment, judged on the studio's
own validation rows, with what it was trained on in its record.
`

/** Of a job that carries its rows. */
function picturesReadme(job: ElsewhereJob): string {
  const { cnn, torch, linear, parts, prepared, spec } = job
  const script = scriptsOf(job)[0]?.[0] ?? ''
  const count = (letter: string): number => [...parts].filter((part) => part === letter).length
  return `# ${job.name}, trained elsewhere

The run as a job for ${torch || linear || cnn ? 'PyTorch, for a machine with a better graphics card. It needs Python 3.9 with torch and numpy' : 'XGBoost on Dask. Every worker needs Python 3.9 with xgboost and distributed, and this folder at the same path'}:

    python3 ${script} --work work${torch || linear || cnn ? '' : ' --scheduler tcp://HOST:8786'}

${cnn ? withCnn(cnn) : 'The pictures are the numbers that the recipe of the run makes of them.'}

This folder holds the pictures themselves, as the studio decoded, shrunk and prepared them: keep it as you keep them.
${prepared?.name}.x has ${parts.length} rows of ${prepared?.width} numbers (float32, little-endian), ${prepared?.name}.y the class of each as its number in job.json
(float64): ${count('t')} training rows${count('v') > 0 ? ` and ${count('v')} validation rows` : ''}, in the order of job.json. The target is \`${spec.target.column}\`. No test picture is in it.

Bring result.json back on the Train page ("Bring in"): it becomes a run of the same experiment, judged on the studio's
own validation pictures, with what it was trained on in its record.
`
}

const withCnn = ({ shape, layers, maxIter, augmentation }: CnnPlan): string => `${shape.join(' x ')} numbers a picture, ${layers.length + 1} layers, at most ${maxIter} epochs; first weights, batches, dropout, Adam, penalty and early stopping are the
run's own, so that its model differs from the studio's by the rounding of long sums alone, which training makes larger
step by step.${augmentation.noise > 0 ? ' Pictures are changed as in the run, with noise from another source of chance.' : augments(augmentation) ? " Pictures are changed as in the run, by the run's own chance." : ''} The place of the training is kept in the work folder: after a
crash the same command with --resume goes on there.`

const withXgboost = (rounds: number): string => `The run as a job for XGBoost on Dask: for more rows than a browser should learn from, or for machines that have them
already. Every worker needs Python 3.9 with xgboost and distributed, Node 20, this folder and the partitions at the
same paths:

    python3 train_xgboost_dask.py 'data/part-*.csv' --work shared/work --scheduler tcp://HOST:8786

${rounds} rounds; the parameters of the run by XGBoost's names are in job.json. Categories are numbers to it, in the order of
job.json. A worker that is lost costs a new beginning of the boosting, not the result.`

const withLinear = (features: number): string => `The run as a job for PyTorch, in float64: for more rows than a browser should learn from. It needs Python 3.9 with torch
and numpy, Node 20, and room in memory for the training rows, ${features * 4} bytes each:

    python3 train_linear_torch.py 'data/part-*.csv' --work work

There is one best model: on the rows of the studio the answer is the studio's own, to rounding.`

const withTorch = ({ sizes, maxIter }: TorchNetwork): string => `The run as a job for PyTorch: for more rows than a browser should learn from, or for a machine with a better graphics
card. It needs Python 3.9 with torch and numpy, Node 20, and room in memory for the training rows, ${(sizes[0] as number) * 4} bytes each:

    python3 train_torch.py 'data/part-*.csv' --work work

${sizes.join(' - ')} neurons, at most ${maxIter} epochs; it begins with the run's own first weights, and Adam, penalty, batch size and early stopping
are the run's. The batches are mixed by another source of chance. The place of the training is kept in the work folder:
after a crash the same command with --resume goes on there.`
