/** Erases several things, one after the other: what cannot be erased keeps none of the others. */
import { asStudioError, StudioError } from '../core/errors.ts'

/**
 * @param erase throws where one cannot be erased; it is then still there
 * @throws StudioError of the first that could not be erased, after all others were, saying how many are left
 */
export async function eraseEach(ids: readonly string[], erase: (id: string) => Promise<void>): Promise<void> {
  const failures: unknown[] = []
  for (const id of ids) await erase(id).catch((error: unknown) => failures.push(error))
  if (failures.length === 0) return
  const { code, message, details, hint } = asStudioError(failures[0])
  const left = ids.length === 1 ? '' : `; ${failures.length} of ${ids.length} are still there`
  throw new StudioError({ code, message: `${message}${left}`, details, ...(hint ? { hint } : {}), cause: failures[0] })
}
