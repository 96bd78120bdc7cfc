/**
 * `glasshouse verify`: every file by its checksum, then every golden row asked again and held against the studio's own
 * answers; with `--rows` every row of a file, or every picture of a folder, as well: graph against pipeline.json.
 */
import { basename } from 'node:path'
import { hasPictures } from '../core/bundle/pictures.ts'
import { StudioError } from '../core/errors.ts'
import type { ParityCertificate } from '../core/onnx/parity.ts'
import { smallNumber } from '../core/powers.ts'
import { openBundleZip } from '../export/open-bundle.ts'
import { openPictureFile } from '../export/server/picture.ts'
import { verifyBundle, verifyRows } from '../export/verify-bundle.ts'
import { readWords } from './arguments.ts'
import { openFile } from './files.ts'
import { openRunner, terminalContext } from './host.ts'
import type { Io } from './io.ts'
import { tellPictures } from './predict.ts'
import { verifyPictures } from './verify-pictures.ts'

export async function verify(argv: readonly string[], io: Io): Promise<void> {
  const words = readWords(argv, ['BUNDLE.zip'], { '--rows': 'value' })
  const path = words.value('--rows')
  const context = terminalContext(io.signal, (progress) => io.progress.report(progress))
  const file = await openFile(words.operands[0] as string)
  try {
    const bytes = await file.bytes.read(0, file.bytes.size)
    const runner = await openRunner(context)
    const { model, files, passed, certificate, problem } = await verifyBundle(bytes, runner, openPictureFile)
    if (!passed) throw new StudioError({ code: 'bundle-mismatch', message: `invalid bundle; its graph must answer the golden rows as the studio did, and ${problem ?? `is ${apart(certificate)}`}` })
    io.out(`verified ${model}: ${files} files as exported; ${certificate.rows} golden rows answered, ${apart(certificate)}, ${certificate.labelsDifferent} other labels; ${certificate.runtime}\n`)
    if (path === undefined) return
    const { signature } = await openBundleZip(file.bytes)
    if (hasPictures(signature)) {
      const { certificate: all, answered } = await verifyPictures(bytes, path, context)
      io.progress.clear()
      tellPictures(answered, io)
      return tellBoth(all, 'pictures', answered.length, basename(path), io)
    }
    const table = await openFile(path)
    try {
      const { certificate: all, rows } = await verifyRows(bytes, table.bytes, table.name, runner, context)
      io.progress.clear()
      tellBoth(all, 'rows', rows, table.name, io)
    } finally {
      await table.close()
    }
  } finally {
    await file.close()
  }
}

/** What graph and pipeline.json said alike. @throws StudioError bundle-mismatch where they did not */
function tellBoth(all: ParityCertificate, what: string, of: number, name: string, io: Io): void {
  const told = `${all.rows} of ${of} ${what} of ${name}, ${apart(all)}, ${all.ties} ties, ${all.labelsDifferent} other labels`
  if (!all.passed) throw new StudioError({ code: 'bundle-mismatch', message: `invalid bundle; its graph must answer as its pipeline.json does, and on ${told}` })
  io.out(`verified ${what}: graph and pipeline.json answer ${told}\n`)
}

function apart({ outputs: [output] }: ParityCertificate): string {
  return `at most ${smallNumber(output?.maxDifference ?? 0)} apart (allowed ${smallNumber(output?.tolerance ?? 0)})`
}
