/** `glasshouse verify --rows FOLDER`: the graph of a bundle against its pipeline.json, on every picture of a folder, a zip or one file. */
import type { AnsweredPicture } from '../core/bundle/predict-pictures.ts'
import type { Context } from '../core/context.ts'
import { StudioError } from '../core/errors.ts'
import { networkInside } from '../core/images/backbone/own.ts'
import { ParityCount, type ParityCertificate } from '../core/onnx/parity.ts'
import { answer } from '../core/onnx/runner.ts'
import { readPipeline } from '../core/run/pipeline-file.ts'
import { bytesOf } from '../core/zip.ts'
import { openBundleZip } from '../export/open-bundle.ts'
import { decodePicture } from '../export/server/picture.ts'
import { formsOf } from '../tasks/load-pictures.ts'
import { pictureModelOf } from '../tasks/picture-model.ts'
import { openRunner } from './host.ts'
import { askPaths } from './predict-pictures.ts'

/**
 * Each is decoded, asked of both and forgotten; one that cannot be opened says why and stops no other.
 * @param bytes of the bundle's zip
 * @throws StudioError bad-data where no file could be opened, bundle-mismatch where the bundle was changed
 */
export async function verifyPictures(bytes: Uint8Array, path: string, context: Context): Promise<{ readonly certificate: ParityCertificate; readonly answered: readonly AnsweredPicture[] }> {
  const { files, signature, golden, model } = await openBundleZip(bytesOf(bytes))
  const own = files.get('pipeline.json')
  if (!own) throw new StudioError({ code: 'bundle-mismatch', message: 'missing pipeline.json; there is nothing to hold the graph against' })
  const { pipeline } = await readPipeline(new TextDecoder().decode(own))
  const runner = await openRunner(context)
  // A network that was brought in is in the graph only.
  const studio = pictureModelOf(pipeline, { context, openRunner: async () => runner }, async (hash) => {
    const { height = 0, width = 0, size = 0 } = formsOf(pipeline.recipe.spec).find(({ backbone }) => backbone === hash) ?? {}
    return networkInside(model, { height, width, size })
  })
  const session = await runner.open(model)
  try {
    const count = new ParityCount(signature, golden.tolerance, golden.tiesFail)
    const answered = await askPaths(
      [path],
      async (file) => {
        const pixels = await decodePicture(file)
        const said = await studio.ask(pixels, signature.threshold ?? 0.5)
        const served = await answer(session, signature, [{ type: 'string', values: [''] }], 1, () => pixels)
        count.add({ task: signature.task as 'binary' | 'multiclass', classes: pipeline.classes, probabilities: Float64Array.from(said.probabilities) }, served, 1)
        return said
      },
      context,
    )
    return { certificate: count.certificate(path, runner.runtime), answered }
  } finally {
    await session.close()
    await studio.close()
  }
}
