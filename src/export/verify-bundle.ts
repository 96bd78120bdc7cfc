/** Whether a bundle is still what was exported: its checksums, and its graph's answers to the golden rows. */
import { goldenProblem } from '../core/bundle/compare-golden.ts'
import { encodeColumns, encodeRows } from '../core/bundle/encode.ts'
import { hasPictures, type OpenCell } from '../core/bundle/pictures.ts'
import { predictInto, type AnsweringModel } from '../core/bundle/predict-file.ts'
import { modelSlug } from '../core/bundle/responses.ts'
import type { GoldenRows } from '../core/bundle/golden.ts'
import type { Signature } from '../core/bundle/signature.ts'
import type { Context } from '../core/context.ts'
import type { Prediction } from '../core/data/target.ts'
import { StudioError } from '../core/errors.ts'
import type { ByteSource } from '../core/ingest/source.ts'
import { ParityCount } from '../core/onnx/parity.ts'
import type { ParityCertificate } from '../core/onnx/parity.ts'
import { answer } from '../core/onnx/runner.ts'
import type { OnnxRunner } from '../core/onnx/runner.ts'
import { readPipeline } from '../core/run/pipeline-file.ts'
import { bytesOf } from '../core/zip.ts'
import { openBundleZip } from './open-bundle.ts'

export interface BundleVerdict {
  /** The model's name in addresses. */
  readonly model: string
  /** Files whose SHA-256 was found as listed. */
  readonly files: number
  readonly passed: boolean
  /** What the golden rows gave, run here. */
  readonly certificate: ParityCertificate
  /** The first golden row that differs, as a sentence. */
  readonly problem?: string
}

/**
 * @param bytes of the zip
 * @param runner ONNX Runtime for Node unless another is given
 * @param open decodes the golden rows of a model that takes pictures
 * @throws StudioError bad-data or bundle-mismatch where the zip is no bundle, was changed, or its graph does not open
 */
export async function verifyBundle(bytes: Uint8Array, runner?: OnnxRunner, open?: OpenCell): Promise<BundleVerdict> {
  const { files, signature, golden, model } = await openBundleZip(bytesOf(bytes))
  const rows = golden.rows.length
  if (rows === 0) throw new StudioError({ code: 'bundle-mismatch', message: 'missing golden rows; there is nothing to hold the graph against: 0' })
  const used = runner ?? (await import('../core/onnx/runner-node.ts')).nodeRunner()
  const session = await used.open(model)
  try {
    const served = await answer(session, signature, encodeRows(signature, rows, (row, input) => golden.rows[row]?.[input]), rows, open)
    const count = new ParityCount(signature, golden.tolerance, golden.tiesFail)
    count.add(studioAnswer(signature, golden), served, rows)
    const certificate = { ...count.certificate('golden rows', used.runtime), ...(golden.capped && { capped: golden.capped }) }
    const problem = goldenProblem(signature, golden, served)
    return { model: modelSlug(signature.name), files: files.size - 1, passed: certificate.passed && problem === undefined, certificate, ...(problem === undefined ? {} : { problem }) }
  } finally {
    await session.close()
  }
}

/**
 * The certificate once more, on every row of a file that fits the signature: the bundle's graph is held against the
 * bundle's own pipeline.json, which is the model as the studio computes it. What was held out may be asked again so.
 * @throws StudioError as `verifyBundle`; bad-data where no row of the file can be asked, unsupported for models of pictures
 */
export async function verifyRows(bytes: Uint8Array, source: ByteSource, name: string, runner: OnnxRunner, context: Context): Promise<{ readonly certificate: ParityCertificate; readonly rows: number }> {
  const { files, signature, golden, model } = await openBundleZip(bytesOf(bytes))
  if (hasPictures(signature)) throw new StudioError({ code: 'unsupported', message: 'unsupported rows; this model takes pictures, and the rows of a file have none' })
  const own = files.get('pipeline.json')
  if (!own) throw new StudioError({ code: 'bundle-mismatch', message: 'missing pipeline.json; there is nothing to hold the graph against' })
  const { pipeline } = await readPipeline(new TextDecoder().decode(own))
  const session = await runner.open(model)
  try {
    let count = new ParityCount(signature, golden.tolerance, golden.tiesFail)
    const both: AnsweringModel = {
      signature,
      async answer(columns, rows) {
        count.add(await pipeline.predict(columns, rows, context), await answer(session, signature, encodeColumns(signature, columns, rows), rows.length), rows.length)
        return Array.from(rows, () => [])
      },
    }
    // A file that turns out to be of another encoding is read again from its start.
    const begin = (): (() => void) => {
      count = new ParityCount(signature, golden.tolerance, golden.tiesFail)
      return () => {}
    }
    const { rows, answered, issues } = await predictInto(source, {}, both, begin, context)
    const gone = issues.filter(({ kind }) => kind === 'missing-column').map(({ column }) => column)
    if (gone.length > 0) throw new StudioError({ code: 'bad-data', message: `missing columns; ${name.slice(0, 100)} has no ${gone.slice(0, 20).join(', ').slice(0, 300)}` })
    if (answered === 0) throw new StudioError({ code: 'bad-data', message: `missing rows; none of ${name.slice(0, 100)} fits the signature${issues[0] ? `: ${issues[0].text}` : ''}` })
    return { certificate: count.certificate(name, runner.runtime), rows }
  } finally {
    await session.close()
  }
}

/** The answers that the studio gave at export. */
function studioAnswer({ task, classes }: Signature, { expected }: GoldenRows): Prediction {
  if (task === 'regression') return { task, values: Float64Array.from(expected.values ?? []) }
  return { task, classes, probabilities: Float64Array.from((expected.probabilities ?? []).flat()) }
}
