/** `glasshouse single`: a bundle as one .mjs that Node runs with nothing installed. */
import { singleServer } from '../export/single-server.ts'
import { readWords } from './arguments.ts'
import { checkWritable, openFile, writeWhole } from './files.ts'
import { terminalContext } from './host.ts'
import type { Io } from './io.ts'
import { UsageError } from './usage.ts'

export async function single(argv: readonly string[], io: Io): Promise<void> {
  const words = readWords(argv, ['BUNDLE.zip'], { '--out': 'value' })
  const out = words.value('--out')
  if (out === undefined) throw new UsageError('missing --out; the .mjs to write')
  await checkWritable(out)
  const file = await openFile(words.operands[0] as string)
  try {
    const context = terminalContext(io.signal, (progress) => io.progress.report(progress))
    await writeWhole(out, await singleServer(await file.bytes.read(0, file.bytes.size), new Uint8Array(await context.asset('onnxruntime-wasm'))))
    io.progress.note(`written to ${out}; start it with: node ${out}`)
  } finally {
    await file.close()
  }
}
