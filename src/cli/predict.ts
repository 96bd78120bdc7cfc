/** `glasshouse predict`: the bundle's graph, or the pipeline of a pipeline.json, answers every row of a file; cells are held against its signature first. */
import { askPicture, graphAnswers } from '../core/bundle/graph-answers.ts'
import { hasPictures } from '../core/bundle/pictures.ts'
import type { AnsweredPicture } from '../core/bundle/predict-pictures.ts'
import type { Signature } from '../core/bundle/signature.ts'
import { StudioError } from '../core/errors.ts'
import type { SignatureIssue } from '../core/bundle/signature-issues.ts'
import { pipelineAnswers } from '../core/bundle/pipeline-answers.ts'
import { predictFile, type AnsweringModel } from '../core/bundle/predict-file.ts'
import type { Context } from '../core/context.ts'
import { readPipeline } from '../core/run/pipeline-file.ts'
import { pictureModelOf } from '../tasks/picture-model.ts'
import { readWords } from './arguments.ts'
import { checkWritable, openBundle, openFile, writeWhole } from './files.ts'
import { openRunner, terminalContext } from './host.ts'
import { inPartNote } from './in-part-note.ts'
import type { Io } from './io.ts'
import { predictPaths, type AskingPictures } from './predict-pictures.ts'
import { UsageError } from './usage.ts'

/** Issues told one by one; the rest are counted. */
const toldIssues = 5

/** A model that answers, whatever file it came from. */
interface Opened {
  readonly model: AnsweringModel
  /** Where it takes pictures. */
  readonly pictures?: AskingPictures
  close(): Promise<void>
}
async function openModel(path: string, context: Context): Promise<Opened> {
  if (/\.json$/i.test(path)) {
    const file = await openFile(path)
    try {
      const { pipeline, signature } = await readPipeline(new TextDecoder().decode(await file.bytes.read(0, file.bytes.size)))
      const pictures = hasPictures(signature) ? pictureModelOf(pipeline, { context, openRunner }) : undefined
      return {
        model: pipelineAnswers(pipeline, signature, context),
        ...(pictures && { pictures: { classes: pictures.classes, ask: (pixels) => pictures.ask(pixels, signature.threshold ?? 0.5) } }),
        close: async () => pictures?.close(),
      }
    } finally {
      await file.close()
    }
  }
  const { signature, model } = await openBundle(path)
  const session = await (await openRunner(context)).open(model)
  return {
    model: graphAnswers(session, signature),
    ...(hasPictures(signature) && { pictures: { classes: signature.classes, ask: (pixels) => askPicture(session, signature, pixels) } }),
    close: () => session.close(),
  }
}

export async function predict(argv: readonly string[], io: Io): Promise<void> {
  const words = readWords(argv, ['BUNDLE.zip', 'FILE...'], { '--out': 'value' })
  const [modelPath, path, ...more] = words.operands as [string, string, ...string[]]
  const out = words.value('--out')
  if (out !== undefined) await checkWritable(out)
  const context = terminalContext(io.signal, (progress) => io.progress.report(progress))
  const opened = await openModel(modelPath, context)
  try {
    if (opened.pictures) {
      const { csv, answered } = await predictPaths([path, ...more], opened.pictures, context)
      io.progress.clear()
      tellPictures(answered, io)
      return await hand(csv, out, answered.length, 'file', io)
    }
    if (more.length > 0) throw new UsageError(`unknown operand; a model of tables takes one file: ${more[0]}`)
    const file = await openFile(path)
    try {
      const { csv, rows, issues } = await predictFile(file.bytes, {}, opened.model, context)
      const problem = refusal(csv, issues, opened.model.signature)
      if (csv === null || problem !== undefined) throw new StudioError({ code: 'bad-data', message: problem ?? 'missing predictions' })
      io.progress.clear()
      tell(issues, io)
      await hand(csv, out, rows, 'row', io)
    } finally {
      await file.close()
    }
  } finally {
    await opened.close()
  }
}

async function hand(csv: Uint8Array, out: string | undefined, count: number, what: 'row' | 'file', io: Io): Promise<void> {
  if (out === undefined) return io.out(csv)
  await writeWhole(out, csv)
  io.progress.note(`${count} ${count === 1 ? what : `${what}s`} written to ${out}`)
}

export function tellPictures(answered: readonly AnsweredPicture[], io: Io): void {
  const closed = answered.filter(({ problem }) => problem !== undefined)
  for (const { file, problem } of closed.slice(0, toldIssues)) io.progress.note(`note: ${file}: ${problem}`)
  if (closed.length > toldIssues) io.progress.note(`note: ${closed.length - toldIssues} more could not be opened`)
  const inPart = inPartNote(answered)
  if (inPart !== undefined) io.progress.note(inPart)
}

/** A column that vanished is an error even where single values may be missing: nobody watches a terminal's remarks in CI. */
function refusal(csv: Uint8Array | null, issues: readonly SignatureIssue[], signature: Signature): string | undefined {
  const missing = issues.filter((issue) => issue.kind === 'missing-column').map((issue) => issue.column)
  const named = (names: readonly string[]): string => `${names.slice(0, 20).join(', ')}${names.length > 20 ? ` and ${names.length - 20} more` : ''}`
  if (missing.length > 0) return `missing columns; the model reads ${named(signature.inputs.map((input) => input.name))}, and the file has no ${named(missing)}`
  return csv === null ? 'missing rows; the file has a header and nothing to predict' : undefined
}

function tell(issues: readonly SignatureIssue[], io: Io): void {
  for (const { row, column, text } of issues.slice(0, toldIssues)) io.progress.note(`note: ${row === undefined ? '' : `row ${row}, `}${column === '' ? '' : `column ${column}: `}${text}`)
  const more = issues.slice(toldIssues).reduce((sum, { count }) => sum + count, 0)
  if (more > 0) io.progress.note(`note: ${more} more such ${more === 1 ? 'remark' : 'remarks'}`)
}
