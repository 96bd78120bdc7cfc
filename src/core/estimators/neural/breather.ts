import type { Context } from '../../context.ts'

/** Milliseconds of work after which cancel gets its chance. */
const breath = 50

/** A pause that lets cancel through once enough time has gone by. */
export function breather(context: Pick<Context, 'checkpoint'> & Partial<Pick<Context, 'now'>>): () => Promise<void> | undefined {
  const { now } = context
  if (!now) return () => context.checkpoint()
  let last = now()
  return () => {
    if (now() - last < breath) return undefined
    return context.checkpoint().then(() => void (last = now()))
  }
}
