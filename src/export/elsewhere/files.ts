/** A training elsewhere as a zip: the job, the program that prepares rows, the script that trains. */
/// <reference path="../virtual.d.ts" />
import type { ElsewhereJob, TorchNetwork } from '../../core/elsewhere/job.ts'
import type { ZipEntry } from '../../core/zip.ts'
import scorer from '../batch/scorer.py?raw'
import prepared from './prepared.py?raw'
import linearScript from './train_linear_torch.py?raw'
import torchScript from './train_torch.py?raw'
import xgboostScript from './train_xgboost_dask.py?raw'
import preparer from 'virtual:glasshouse-preparer'

export function elsewhereFiles(job: ElsewhereJob): ZipEntry[] {
  const encoder = new TextEncoder()
  const texts: [string, string][] = [
    ['README.md', readme(job)],
    ['job.json', `${JSON.stringify(job)}\n`],
    ['prepare.mjs', preparer],
    ['scorer.py', scorer],
    ['prepared.py', prepared],
    job.torch ? ['train_torch.py', torchScript] : job.linear ? ['train_linear_torch.py', linearScript] : ['train_xgboost_dask.py', xgboostScript],
  ]
  return texts.map(([name, text]) => ({ name, bytes: encoder.encode(text) }))
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
