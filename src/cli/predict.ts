/** `glasshouse predict`: the bundle's graph answers every row of a file; cells are held against its signature first. */
import { graphAnswers } from '../core/bundle/graph-answers.ts'
import type { Signature } from '../core/bundle/signature.ts'
import { StudioError } from '../core/errors.ts'
import type { SignatureIssue } from '../core/bundle/signature-issues.ts'
import { predictFile } from '../core/bundle/predict-file.ts'
import { readWords } from './arguments.ts'
import { checkWritable, openBundle, openFile, writeWhole } from './files.ts'
import { openRunner, terminalContext } from './host.ts'
import type { Io } from './io.ts'

/** Issues told one by one; the rest are counted. */
const toldIssues = 5

export async function predict(argv: readonly string[], io: Io): Promise<void> {
  const words = readWords(argv, ['BUNDLE.zip', 'FILE.csv'], { '--out': 'value' })
  const [bundlePath, path] = words.operands as [string, string]
  const out = words.value('--out')
  if (out !== undefined) await checkWritable(out)
  const { signature, model } = await openBundle(bundlePath)
  const file = await openFile(path)
  const context = terminalContext(io.signal, (progress) => io.progress.report(progress))
  try {
    const session = await (await openRunner(context)).open(model)
    try {
      const { csv, rows, issues } = await predictFile(file.bytes, {}, graphAnswers(session, signature), context)
      const problem = refusal(csv, issues, signature)
      if (csv === null || problem !== undefined) throw new StudioError({ code: 'bad-data', message: problem ?? 'missing predictions' })
      io.progress.clear()
      tell(issues, io)
      if (out === undefined) io.out(csv)
      else {
        await writeWhole(out, csv)
        io.progress.note(`${rows} ${rows === 1 ? 'row' : 'rows'} written to ${out}`)
      }
    } finally {
      await session.close()
    }
  } finally {
    await file.close()
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
