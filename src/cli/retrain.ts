/**
 * `glasshouse retrain`: the run of a bundle on new data, a CSV or pictures: its kinds, split, recipe, estimator and
 * threshold, as run.json has them.
 */
import { basename, dirname, join } from 'node:path'
import { readFile } from 'node:fs/promises'
import { StudioError } from '../core/errors.ts'
import { withPositive } from '../core/data/encode-target.ts'
import { estimators } from '../core/estimators/registry.ts'
import type { Kind } from '../core/data/kinds.ts'
import { defaultSplit } from '../core/data/default-split.ts'
import { keepsCopies } from '../core/images/quality.ts'
import { asOneTraining } from '../core/run/continue-from.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import { specEntries } from '../core/run/spec-schema.ts'
import { check, parseJson, v } from '../core/schema.ts'
import { pictureColumns } from '../tasks/pictures-commit.ts'
import type { Host } from '../tasks/task.ts'
import { readWords } from './arguments.ts'
import { checkWritable, openFile } from './files.ts'
import { terminalContext, terminalHost } from './host.ts'
import type { Io } from './io.ts'
import { withNetwork } from './network.ts'
import { arePictures } from './open-picture.ts'
import { summaryText } from './summary.ts'
import { exportBundle, noteOddities, summaryOf } from './train.ts'
import { type AgainRequest, trainAgain, trainOn } from './train-again.ts'
import type { Trained } from './train-file.ts'
import { picturesAt, type TrainedOnPictures } from './train-pictures.ts'
import { UsageError } from './usage.ts'

const runSchema = v.looseObject({
  spec: v.looseObject(specEntries),
  facts: v.optional(v.record(v.string(), v.unknown())),
  threshold: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
})
const signatureSchema = v.looseObject({ classes: v.array(v.string()), inputs: v.array(v.looseObject({ name: v.string(), kind: v.picklist(['numeric', 'categorical', 'boolean', 'datetime', 'image']) })) })

const json = async <T>(path: string, schema: v.GenericSchema<unknown, T>): Promise<T> => {
  const file = await openFile(path)
  await file.close()
  return check(schema, parseJson(await readFile(path, 'utf8'), basename(path)), basename(path))
}

/** What a bundle's run.json and the signature.json beside it say. @throws StudioError bad-data */
async function readBundleRun(path: string): Promise<Pick<AgainRequest, 'spec' | 'threshold'> & { readonly kinds: readonly { readonly column: string; readonly kind: Kind }[] }> {
  const { spec: stored, threshold, facts = {} } = await json(path, runSchema)
  const whole = asOneTraining({ spec: stored as unknown as RunSpec, facts })
  if (!estimators.has(whole.estimator.id)) throw new StudioError({ code: 'bad-data', message: `unknown estimator in ${basename(path)}; this version has no such: ${whole.estimator.id.slice(0, 60)}` })
  const { inputs, classes } = await json(join(dirname(path), 'signature.json'), signatureSchema)
  // The threshold is of this class, whichever is the rarer one by now.
  const spec = classes.length === 2 ? { ...whole, target: withPositive(whole.target, classes) } : whole
  const numbers = [...(spec.target.task === 'regression' ? [spec.target.column] : []), ...(spec.sampleWeight === undefined ? [] : [spec.sampleWeight])]
  return { spec, threshold, kinds: [...inputs.map(({ name, kind }) => ({ column: name, kind })), ...numbers.map((column) => ({ column, kind: 'numeric' as const }))] }
}

async function onPictures(path: string, runPath: string, { spec, threshold }: Pick<AgainRequest, 'spec' | 'threshold'>, host: Host): Promise<TrainedOnPictures> {
  const { projectId, token, dataset, classes, skipped, skippedCount, inPart } = await picturesAt(path, host)
  const looking = await withNetwork(join(dirname(runPath), 'model.onnx'), spec, { projectId, token }, host)
  // Where there are no copies, none can straddle the parts.
  const alone = keepsCopies(spec.split) && !dataset.columns.some(({ name }) => name === pictureColumns.copies)
  // A class may have come or gone since.
  const task = classes.length === 2 ? 'binary' : 'multiclass'
  const { positive, ...rest } = spec.target
  const stays = task === 'binary' && positive !== undefined && classes.includes(positive)
  const own = { ...looking, target: { ...rest, task, ...(stays && { positive }) }, ...(alone && { split: { ...defaultSplit(spec.target), seed: spec.split.seed } }) } as const
  return { ...(await trainOn(dataset, { projectId, token, spec: own, threshold: stays ? threshold : 0.5 }, host)), skipped, skippedCount, inPart }
}

async function onTable(path: string, again: Pick<AgainRequest, 'spec' | 'threshold' | 'kinds'>, host: Host): Promise<Trained> {
  const file = await openFile(path)
  try {
    return await trainAgain({ bytes: file.bytes, name: file.name, ...again }, host)
  } finally {
    await file.close()
  }
}

export async function retrain(argv: readonly string[], io: Io): Promise<void> {
  const words = readWords(argv, ['RUN.json', 'FILE'], { '--json': 'flag', '--out': 'value' })
  const [runPath, path] = words.operands as [string, string]
  const out = words.value('--out')
  if (out !== undefined) await checkWritable(out)
  const again = await readBundleRun(runPath)
  const pictured = await arePictures(path)
  if (pictured !== again.kinds.some(({ kind }) => kind === 'image')) throw new UsageError(`invalid file; the run learnt from ${pictured ? 'a table' : 'pictures, which come as a folder or a zip'}: ${path}`)
  const begun = performance.now()
  const host = terminalHost(terminalContext(io.signal, (progress) => io.progress.report(progress)))
  const trained = pictured ? await onPictures(path, runPath, again, host) : await onTable(path, again, host)
  noteOddities(trained, io)
  const summary = summaryOf(trained, (performance.now() - begun) / 1000)
  if (out !== undefined) await exportBundle(trained, estimators.get(trained.spec.estimator.id), out, host, io)
  io.progress.clear()
  io.out(words.flag('--json') ? `${JSON.stringify(summary)}\n` : summaryText(summary, trained, out))
}
