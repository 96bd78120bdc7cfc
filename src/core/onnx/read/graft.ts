/**
 * Part of a stranger's graph inside one of ours: the operators that lead to one of its values, byte for byte but for
 * the names. What it does not need stays behind.
 */
import type { GraphBuilder } from '../graph.ts'
import { fieldsOf, refuse, textOf } from './wire.ts'

function without(message: Uint8Array, kept: (field: number) => boolean): Uint8Array<ArrayBuffer> {
  const parts = [...fieldsOf(message)].filter(({ number }) => kept(number)).map(({ from, to }) => message.subarray(from, to))
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  parts.reduce((at, part) => (out.set(part, at), at + part.length), 0)
  return out
}

/**
 * @param file passed `checkGraph`, so that names occur once and operators stand behind what they read
 * @param input the value of `graph` that takes the place of the file's one input
 * @param from or that of any other of its values: what leads there stays behind too
 * @param output any value of the file
 * @returns the same value in `graph`
 */
export function graft(graph: GraphBuilder, file: Uint8Array, { input, from, output }: { readonly input: string; readonly from?: string | undefined; readonly output: string }): string {
  const own = [...fieldsOf(file)].find(({ number }) => number === 7)
  if (!own) throw refuse('it holds no graph')
  const nodes: { readonly bytes: Uint8Array; readonly opType: string; readonly inputs: string[]; readonly outputs: string[] }[] = []
  const weights = new Map<string, Uint8Array>()
  const declared: string[] = []
  const textIn = (message: Uint8Array, wanted: number): string[] => [...fieldsOf(message)].filter(({ number }) => number === wanted).map(textOf)
  for (const { number, bytes } of fieldsOf(own.bytes)) {
    if (number === 1) nodes.push({ bytes, opType: textIn(bytes, 4)[0] ?? '', inputs: textIn(bytes, 1), outputs: textIn(bytes, 2) })
    else if (number === 5) weights.set(textIn(bytes, 8)[0] ?? '', bytes)
    else if (number === 11) declared.push(textIn(bytes, 1)[0] ?? '')
  }
  const needed = new Set([output])
  const wanted = nodes.reverse().filter(({ inputs, outputs }) => {
    const used = outputs.some((name) => needed.has(name) && name !== from)
    if (used) for (const name of inputs) needed.add(name)
    return used
  })
  const names = new Map<string, string>([['', '']])
  for (const name of from === undefined ? declared : [from]) if (!weights.has(name)) names.set(name, input)
  for (const [name, bytes] of weights) if (needed.has(name)) names.set(name, graph.foreignConstant(without(bytes, (field) => field !== 8 && field !== 12)))
  for (const { bytes, opType, inputs, outputs } of wanted.reverse()) {
    const known = inputs.map((name) => names.get(name))
    if (known.includes(undefined)) throw refuse(`${opType.slice(0, 80)} reads what does not come from ${(from ?? 'its input').slice(0, 80)}`)
    const made = graph.foreign(opType, known as string[], outputs.map((name) => name !== ''), without(bytes, (field) => field === 4 || field === 5))
    outputs.forEach((name, i) => name !== '' && names.set(name, made[i] as string))
  }
  const found = names.get(output)
  if (found === undefined) throw refuse(`nothing in it makes ${output.slice(0, 80)}`)
  return found
}
