/** `glasshouse verify`: every file by its checksum, then every golden row asked again and held against the studio's own answers. */
import { StudioError } from '../core/errors.ts'
import { smallNumber } from '../core/powers.ts'
import { openPictureFile } from '../export/server/picture.ts'
import { verifyBundle } from '../export/verify-bundle.ts'
import { readWords } from './arguments.ts'
import { openFile } from './files.ts'
import { openRunner, terminalContext } from './host.ts'
import type { Io } from './io.ts'

export async function verify(argv: readonly string[], io: Io): Promise<void> {
  const { operands } = readWords(argv, ['BUNDLE.zip'], {})
  const file = await openFile(operands[0] as string)
  try {
    const bytes = await file.bytes.read(0, file.bytes.size)
    const { model, files, passed, certificate, problem } = await verifyBundle(bytes, await openRunner(terminalContext(io.signal, (progress) => io.progress.report(progress))), openPictureFile)
    const [output] = certificate.outputs
    const apart = `at most ${smallNumber(output?.maxDifference ?? 0)} apart (allowed ${smallNumber(output?.tolerance ?? 0)})`
    if (!passed) throw new StudioError({ code: 'bundle-mismatch', message: `invalid bundle; its graph must answer the golden rows as the studio did, and ${problem ?? `is ${apart}`}` })
    io.out(`verified ${model}: ${files} files as exported; ${certificate.rows} golden rows answered, ${apart}, ${certificate.labelsDifferent} other labels; ${certificate.runtime}\n`)
  } finally {
    await file.close()
  }
}
