/** Damaged records are set aside, not thrown away: they can be listed and taken out as a file. */
import { unchecked } from './checked-store.ts'
import { fsck, type StoredProblem } from './fsck.ts'
import type { Store } from './port.ts'

export async function listDamaged(store: Store): Promise<StoredProblem[]> {
  return (await fsck(store)).filter((problem) => problem.kind === 'damaged')
}

function base64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}
const plain = (_key: string, value: unknown): unknown =>
  ArrayBuffer.isView(value) ? { type: value.constructor.name, base64: base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) } : typeof value === 'bigint' ? String(value) : value

/** The damaged records as JSON, arrays in base64, whatever they are. */
export async function damagedFile(store: Store, damaged: readonly StoredProblem[]): Promise<Uint8Array<ArrayBuffer>> {
  const bare = unchecked(store)
  const items: unknown[] = []
  for (const problem of damaged) items.push({ ...problem, record: await bare.read([problem.store], (tx) => tx.get(problem.store, problem.key)) })
  return new TextEncoder().encode(JSON.stringify(items, plain, 1))
}

/** For good. */
export async function eraseDamaged(store: Store, damaged: readonly StoredProblem[]): Promise<void> {
  await unchecked(store).write([...new Set(damaged.map((problem) => problem.store))], async (tx) => {
    for (const problem of damaged) await tx.delete(problem.store, problem.key)
  }, 'strict')
}
