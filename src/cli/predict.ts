/** `glasshouse predict`: the bundle's graph, or the pipeline of a pipeline.json, answers every row of a file; cells are held against its signature first. */
import { graphAnswers } from '../core/bundle/graph-answers.ts'
import type { Signature } from '../core/bundle/signature.ts'
import { StudioError } from '../core/errors.ts'
import type { SignatureIssue } from '../core/bundle/signature-issues.ts'
import { pipelineAnswers } from '../core/bundle/pipeline-answers.ts'
import { predictFile, type AnsweringModel } from '../core/bundle/predict-file.ts'
import type { Context } from '../core/context.ts'
import { readPipeline } from '../core/run/pipeline-file.ts'
import { readWords } from './arguments.ts'
import { checkWritable, openBundle, openFile, writeWhole } from './files.ts'
import { openRunner, terminalContext } from './host.ts'
import type { Io } from './io.ts'

/** Issues told one by one; the rest are counted. */
const toldIssues = 5

/** A model that answers, whatever file it came from. */
interface Opened {
  readonly model: AnsweringModel
  close(): Promise<void>
}
async function openModel(path: string, context: Context): Promise<Opened> {
  if (/\.json$/i.test(path)) {
    const file = await openFile(path)
    try {
      const { pipeline, signature } = await readPipeline(new TextDecoder().decode(await file.bytes.read(0, file.bytes.size)))
      return { model: pipelineAnswers(pipeline, signature, context), close: async () => undefined }
    } finally {
      await file.close()
    }
  }
  const { signature, model } = await openBundle(path)
  const session = await (await openRunner(context)).open(model)
  return { model: graphAnswers(session, signature), close: () => session.close() }
}

export async function predict(argv: readonly string[], io: Io): Promise<void> {
  const words = readWords(argv, ['BUNDLE.zip', 'FILE.csv'], { '--out': 'value' })
  const [modelPath, path] = words.operands as [string, string]
  const out = words.value('--out')
  if (out !== undefined) await checkWritable(out)
  const context = terminalContext(io.signal, (progress) => io.progress.report(progress))
  const opened = await openModel(modelPath, context)
  try {
    const file = await openFile(path)
    try {
      const { csv, rows, issues } = await predictFile(file.bytes, {}, opened.model, context)
      const problem = refusal(csv, issues, opened.model.signature)
      if (csv === null || problem !== undefined) throw new StudioError({ code: 'bad-data', message: problem ?? 'missing predictions' })
      io.progress.clear()
      tell(issues, io)
      if (out === undefined) io.out(csv)
      else {
        await writeWhole(out, csv)
        io.progress.note(`${rows} ${rows === 1 ? 'row' : 'rows'} written to ${out}`)
      }
    } finally {
      await file.close()
    }
  } finally {
    await opened.close()
  }
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
