/** A store whose calls always answer: storage that hangs becomes an error, as a failure that is not seen is a loss. */
import { StudioError } from '../core/errors.ts'
import type { Store } from './port.ts'

export function deadlineStore(store: Store, milliseconds = 60_000): Store {
  async function within<T>(what: string, work: () => Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new StudioError({
              code: 'storage-lost',
              message: `missing storage; ${what} did not end within ${milliseconds / 1000} s`,
              hint: 'The last change may not be saved. Reload this tab to see what is.',
            }),
          ),
        milliseconds,
      )
    })
    try {
      return await Promise.race([work(), deadline])
    } finally {
      clearTimeout(timer)
    }
  }
  return {
    persistent: store.persistent,
    read: (stores, body) => within('reading', () => store.read(stores, body)),
    write: (stores, body, durability) => within('saving', () => store.write(stores, body, durability)),
    close: () => store.close(),
  }
}
