/** A training elsewhere as a zip: the job, the program that prepares rows, the script for the cluster. */
/// <reference path="../virtual.d.ts" />
import type { ElsewhereJob } from '../../core/elsewhere/job.ts'
import type { ZipEntry } from '../../core/zip.ts'
import scorer from '../batch/scorer.py?raw'
import train from './train_xgboost_dask.py?raw'
import preparer from 'virtual:glasshouse-preparer'

export function elsewhereFiles(job: ElsewhereJob): ZipEntry[] {
  const encoder = new TextEncoder()
  const texts: [string, string][] = [
    ['README.md', readme(job)],
    ['job.json', `${JSON.stringify(job)}\n`],
    ['prepare.mjs', preparer],
    ['scorer.py', scorer],
    ['train_xgboost_dask.py', train],
  ]
  return texts.map(([name, text]) => ({ name, bytes: encoder.encode(text) }))
}

const readme = ({ name, spec, xgboost }: ElsewhereJob): string => `# ${name}, trained elsewhere

The run as a job for XGBoost on Dask: for more rows than a browser should learn from, or for machines that have them
already. Every worker needs Python 3.9 with xgboost and distributed, Node 20, this folder and the partitions at the
same paths:

    python3 train_xgboost_dask.py 'data/part-*.csv' --work shared/work --scheduler tcp://HOST:8786

The partitions are CSV files with a header, with the columns of the studio's data; together they may be the same rows or
many more. prepare.mjs reads and prepares them as the studio does, with the recipe that the studio fitted. The target is
\`${spec.target.column}\`; ${xgboost.rounds} rounds; the parameters of the run by XGBoost's names are in job.json. Where the partitions
hold just the rows of the studio, every row keeps its part; else rows are dealt anew by the same shares. Test rows are
not learnt from and not judged.

Bring result.json back on the Train page ("Bring in"): it becomes a run of the same experiment, judged on the studio's
own validation rows, with what it was trained on in its record. Categories are numbers to it, in the order of job.json.
A worker that is lost costs a new beginning of the boosting, not the result.
`
