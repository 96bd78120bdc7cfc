/** Everything under batch/ in a bundle: the scorer on engines for many machines. */
import daskScore from './dask_score.py?raw'
import rayScore from './ray_score.py?raw'
import scorer from './scorer.py?raw'
import sparkScore from './spark_score.py?raw'

/** Path and text of each file. */
export const batchFiles = (): [string, string][] => [
  ['batch/README.md', readme],
  ['batch/scorer.py', scorer],
  ['batch/dask_score.py', daskScore],
  ['batch/ray_score.py', rayScore],
  ['batch/spark_score.py', sparkScore],
]

const readme = `# More rows than one machine should answer

One file, without any engine:

    node server/score.mjs data.csv scored.csv

Many files, on an engine that you have. Every worker needs Node 20, this bundle (after \`npm ci\`) and the partitions
at the same paths:

    python3 batch/dask_score.py 'data/part-*.csv' --out scored --scheduler tcp://HOST:8786
    python3 batch/ray_score.py 'data/part-*.csv' --out scored --address auto
    spark-submit batch/spark_score.py 'data/part-*.csv' --out scored

Each worker runs the bundle's own scorer, so the answers are the server's and the studio's. A partition comes out under
its own name with the columns \`prediction\` and, for classes, \`probability of ...\` appended; rows whose values the
signature refuses are kept without a prediction and counted. An output is renamed when it is whole: a worker that
is killed loses nothing and doubles nothing. What it left half written goes at the end. \`_predictions.json\` is taken away first and
written last, so a folder that has it is complete; it names the outputs and the bundle, by the SHA-256 of its manifest, and counts
the rows, and those refused, of all of them. \`_scored/\` keeps the same of each output from the moment that it is whole. After a stop,
\`--resume\` keeps what the same bundle wrote there: answers of another one, and of partitions that changed since, are made anew.

The Dask job is tested with a scheduler and two workers, one of them killed on the way. The job for Ray was run by us on one
machine (Ray 2.58), with the scorer's own answers. The one for Spark is written to its documentation and was run on stand-ins
for the few calls that it makes: try both on a small part first.
`
