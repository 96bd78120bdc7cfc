/** What can be typed, and the one way to say that it was typed wrong. */
import { colourOrders, layouts, levelRanges } from '../core/images/backbone/limits.ts'
import { estimators, tableEstimators } from '../core/estimators/registry.ts'

/** Exit codes, as promised to scripts. */
export const exits = { good: 0, failed: 1, usage: 2, data: 3, drift: 4, interrupted: 130 } as const

/** The command line cannot be understood or asks for what there is not: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What a person gets who trains without saying how: the strongest all-round choice for tables. */
export const defaultEstimator = 'hist-gradient-boosting'
/** The head that the page proposes for pictures seen through the pretrained network. */
export const defaultPictureEstimator = 'logistic-regression'
export const taskNames = ['auto', 'classification', 'regression'] as const
export type TaskName = (typeof taskNames)[number]
/** As the studio's pages propose. */
export const defaultSeed = 1
export const defaultPort = 8080

export const usageText = (): string => `Glasshouse: the studio's engine in a terminal.

  glasshouse train FILE.csv --target COLUMN [options]
      --task auto|classification|regression   what to learn (auto)
      --estimator ID        ${tableEstimators.map(({ id }) => id).join(', ')}
                            (${defaultEstimator})
      --param NAME=VALUE    a parameter of the estimator; may be given again
      --weight COLUMN       a numeric column: how much each row counts in training;
                            never a feature, and scores count each row once
      --use COLUMN          a feature although it only counts or names the rows; may be given again
      --cv K                also cross-validate over K folds of all rows
      --seed N              of the estimator and the folds (${defaultSeed})
      --continue-from BUNDLE.zip   more rounds on top of the bundle's model, with its settings;
                            ${estimators.all.flatMap(({ id, tags }) => (tags.continues === undefined ? [] : [`--param ${tags.continues}=N says how many (${id})`])).join(', ')}
      --checkpoint FOLDER   keep how far it comes there, every 20 s or sooner: after a crash the
                            same command goes on to the same bits; emptied at the end
      --json                print one JSON object instead of tables
      --out BUNDLE.zip      write the bundle: graph, server, model card

  glasshouse train FOLDER|PICTURES.zip [options]
      pictures, JPEG, PNG, WebP and GIF: the name of the folder they lie in is their class,
      or a CSV of files and labels beside them says it (${defaultPictureEstimator} on a
      pretrained network; --estimator cnn learns from scratch)
      --network FILE        look through a network of your own instead: ONNX, a zip, or
                            TensorFlow.js' model.json with its weights beside it
      --declare NAME=VALUE  what its file does not say; may be given again:
                            range=${levelRanges.join('|')} (what levels became),
                            colours=${colourOrders.join('|')}, layout=${layouts.join('|')}, height=N, width=N,
                            output=NAME (what describes a picture)

  glasshouse retrain RUN.json FILE.csv|FOLDER|PICTURES.zip [--json] [--out BUNDLE.zip]
      the run of an unpacked bundle (run.json, signature.json beside it) on new data: the
      same kinds, split, preparation, estimator, settings, seed and threshold; a network
      of your own is taken from model.onnx, beside it too

  glasshouse predict BUNDLE.zip FILE.csv [--out FILE]
      every row with its prediction as CSV, to standard output or FILE; a bundle's
      pipeline.json may stand in its place

  glasshouse predict BUNDLE.zip FOLDER|PICTURES.zip|PICTURE... [--out FILE]
      a model of pictures: a line for every file

  glasshouse verify BUNDLE.zip [--rows FILE.csv|FOLDER|PICTURES.zip]
      checksums, golden rows and parity, run again here; with a file also on every row
      of it that fits, or on every picture, the graph against the bundle's own pipeline.json

  glasshouse monitor BUNDLE.zip FILE [options]
      new rows (CSV), or the log of the bundle's server, against the bundle's
      reference profile: what changed, and with the target in the file whether the
      model is still right. Exit code 4 where something has to be done: a share of
      SHARE of the columns changed, or the scores fell. Rows of the model's own data
      are told, and left out where enough others remain
      --reference FILE.csv  compare with these rows instead, by the tests of the page: the file
                            that the model was made from, or rows that are known to be good
      --by PERIOD           hour, day, week, month, quarter, year, or a number of rows:
                            the same over time
      --time COLUMN         the moment of a row (the first column of dates that
                            go with the order of the rows)
      --limit SHARE         share of changed columns that asks to act (0.5)
      --json                print the report instead of tables
      --out REPORT.html     keep it as a page, or as JSON

  glasshouse single BUNDLE.zip --out SERVER.mjs
      the server and its model in one file, ONNX Runtime's WebAssembly inside:
      node SERVER.mjs, nothing to install; slower than the bundle's own

  glasshouse serve BUNDLE.zip [--port N]
      the bundle's own server on 127.0.0.1 (port ${defaultPort})

Scores are those of the validation rows (20 %); the 20 % of test rows stay sealed, as in the page.
Progress goes to standard error. Exit codes: 0 good, 2 bad usage, 3 bad data,
4 drift (monitor), 1 anything else.
`
