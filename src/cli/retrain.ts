/** `glasshouse retrain`: the run of a bundle on new data: its kinds, split, recipe, estimator and threshold, as run.json has them. */
import { basename, dirname, join } from 'node:path'
import { readFile } from 'node:fs/promises'
import { StudioError } from '../core/errors.ts'
import { estimators } from '../core/estimators/registry.ts'
import type { Kind } from '../core/data/kinds.ts'
import { asOneTraining } from '../core/run/continue-from.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import { check, parseJson, v } from '../core/schema.ts'
import { readWords } from './arguments.ts'
import { checkWritable, openFile } from './files.ts'
import { terminalContext, terminalHost } from './host.ts'
import type { Io } from './io.ts'
import { summaryText } from './summary.ts'
import { exportBundle, noteOddities, summaryOf } from './train.ts'
import { type AgainRequest, trainAgain } from './train-again.ts'

const runSchema = v.looseObject({
  spec: v.looseObject({
    version: v.literal(1),
    target: v.looseObject({ column: v.string(), task: v.picklist(['binary', 'multiclass', 'regression']), positive: v.optional(v.string()) }),
    split: v.looseObject({ strategy: v.looseObject({ kind: v.string() }), validShare: v.number(), testShare: v.number(), seed: v.number() }),
    recipe: v.looseObject({ version: v.literal(1), steps: v.array(v.looseObject({ id: v.string(), step: v.string() })), excluded: v.array(v.string()) }),
    estimator: v.looseObject({ id: v.string(), params: v.record(v.string(), v.union([v.number(), v.string(), v.boolean()])) }),
    seed: v.number(),
    sampleWeight: v.optional(v.string()),
    continueFrom: v.optional(v.string()),
  }),
  facts: v.optional(v.record(v.string(), v.unknown()), {}),
  threshold: v.number(),
})
const signatureSchema = v.looseObject({ inputs: v.array(v.looseObject({ name: v.string(), kind: v.picklist(['numeric', 'categorical', 'boolean', 'datetime', 'image']) })) })

const json = async <T>(path: string, schema: v.GenericSchema<unknown, T>): Promise<T> => {
  const file = await openFile(path)
  await file.close()
  return check(schema, parseJson(await readFile(path, 'utf8'), basename(path)), basename(path))
}

/** What a bundle's run.json and the signature.json beside it say. @throws StudioError bad-data */
async function readBundleRun(path: string): Promise<Pick<AgainRequest, 'spec' | 'threshold'> & { readonly kinds: readonly { readonly column: string; readonly kind: Kind }[] }> {
  const { spec: stored, threshold, facts } = await json(path, runSchema)
  const spec = asOneTraining({ spec: stored as unknown as RunSpec, facts })
  if (!estimators.has(spec.estimator.id)) throw new StudioError({ code: 'bad-data', message: `unknown estimator in ${basename(path)}; this version has no such: ${spec.estimator.id.slice(0, 60)}` })
  const { inputs } = await json(join(dirname(path), 'signature.json'), signatureSchema)
  const numbers = [...(spec.target.task === 'regression' ? [spec.target.column] : []), ...(spec.sampleWeight === undefined ? [] : [spec.sampleWeight])]
  return { spec, threshold, kinds: [...inputs.map(({ name, kind }) => ({ column: name, kind })), ...numbers.map((column) => ({ column, kind: 'numeric' as const }))] }
}

export async function retrain(argv: readonly string[], io: Io): Promise<void> {
  const words = readWords(argv, ['RUN.json', 'FILE.csv'], { '--json': 'flag', '--out': 'value' })
  const [runPath, path] = words.operands as [string, string]
  const out = words.value('--out')
  if (out !== undefined) await checkWritable(out)
  const again = await readBundleRun(runPath)
  const file = await openFile(path)
  try {
    const begun = performance.now()
    const host = terminalHost(terminalContext(io.signal, (progress) => io.progress.report(progress)))
    const trained = await trainAgain({ bytes: file.bytes, name: file.name, ...again }, host)
    noteOddities(trained, io)
    const summary = summaryOf(trained, (performance.now() - begun) / 1000)
    if (out !== undefined) await exportBundle(trained, estimators.get(trained.spec.estimator.id), out, host)
    io.progress.clear()
    io.out(words.flag('--json') ? `${JSON.stringify(summary)}\n` : summaryText(summary, trained, out))
  } finally {
    await file.close()
  }
}
