/** `glasshouse verify`: every file by its checksum, then every golden row asked again and held against the studio's own answers. */
import { goldenProblem } from '../core/bundle/compare-golden.ts'
import { encodeRows } from '../core/bundle/encode.ts'
import { StudioError } from '../core/errors.ts'
import { answer, type ServedAnswer } from '../core/onnx/runner.ts'
import { readWords } from './arguments.ts'
import { openRunner, terminalContext } from './host.ts'
import type { Io } from './io.ts'
import { openBundle } from './open-bundle.ts'

export async function verify(argv: readonly string[], io: Io): Promise<void> {
  const { operands } = readWords(argv, ['BUNDLE.zip'], {})
  const { files, signature, golden, model } = await openBundle(operands[0] as string)
  const context = terminalContext(io.signal, (progress) => io.progress.report(progress))
  const runner = await openRunner(context)
  const session = await runner.open(model)
  try {
    const rows = golden.rows.length
    if (rows === 0) throw new StudioError({ code: 'bundle-mismatch', message: 'invalid bundle; it has no golden rows to answer' })
    const given = await answer(session, signature, encodeRows(signature, rows, (row, input) => golden.rows[row]?.[input]), rows)
    const problem = goldenProblem(signature, golden, given)
    if (problem !== undefined) throw new StudioError({ code: 'bundle-mismatch', message: `invalid bundle; it no longer answers as it did when it was exported: ${problem}` })
    io.progress.clear()
    io.out(`verified: ${files.size - 1} files as exported; ${rows} golden rows answered, at most ${largest(golden.expected, given).toExponential(2)} apart (allowed ${golden.tolerance.toExponential(2)}); ${runner.runtime}\n`)
  } finally {
    await session.close()
  }
}

function largest(expected: { readonly values?: readonly number[]; readonly probabilities?: readonly (readonly number[])[] }, given: ServedAnswer): number {
  const wanted = expected.values ?? (expected.probabilities ?? []).flat()
  const received = expected.values ? (given.answers as ArrayLike<number>) : (given.probabilities ?? [])
  return wanted.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (received[i] as number))), 0)
}
