/**
 * A store whose reads pass the schemas. One damaged record is left out of lists (and reported), or refused
 * by name where it was asked for; the rest opens. Nothing is deleted: it can be listed and taken out.
 */
import { StudioError } from '../core/errors.ts'
import { keyOf } from './keys.ts'
import type { Key, KeyRange, ReadTransaction, Store, WriteTransaction } from './port.ts'
import type { Records, StoreName } from './records.ts'
import { recordProblem } from './schemas.ts'

export interface Damaged {
  readonly store: StoreName
  readonly key: Key
  readonly reason: string
}

const inner = new WeakMap<Store, Store>()
/** The store as it is, damaged records and all: for erasing, listing and taking out. */
export const unchecked = (store: Store): Store => inner.get(store) ?? store

/** @param onDamaged hears of each damaged record once */
export function checkedStore(store: Store, onDamaged: (damaged: Damaged) => void = () => {}): Store {
  const told = new Set<string>()
  const tell = (damaged: Damaged): void => {
    const name = JSON.stringify([damaged.store, damaged.key])
    if (told.has(name)) return
    told.add(name)
    onDamaged(damaged)
  }
  const whole = <N extends StoreName>(name: N, records: Records[N][]): Records[N][] =>
    records.filter((record) => {
      const reason = recordProblem(name, record)
      if (reason !== undefined) tell({ store: name, key: keyOf(name, record), reason })
      return reason === undefined
    })

  const checkedReads = (tx: ReadTransaction): ReadTransaction => ({
    async get<N extends StoreName>(name: N, key: Key) {
      const record = await tx.get(name, key)
      if (record === undefined) return undefined
      const reason = recordProblem(name, record)
      if (reason === undefined) return record
      tell({ store: name, key, reason })
      throw new StudioError({
        code: 'bad-data',
        message: `invalid stored record in ${name}; ${reason}`,
        hint: 'This item is damaged and was set aside; everything else can be used. “Check what is stored” on the start page lists it, to be taken out or erased.',
        details: { store: name, key: JSON.stringify(key).slice(0, 200) },
      })
    },
    getAll: async <N extends StoreName>(name: N, range?: KeyRange) => whole(name, await tx.getAll(name, range)),
    getAllOfProject: async <N extends StoreName>(name: N, projectId: string) => whole(name, await tx.getAllOfProject(name, projectId)),
    keys: (name, range) => tx.keys(name, range),
  })

  const checked: Store = {
    persistent: store.persistent,
    read: (stores, body) => store.read(stores, (tx) => body(checkedReads(tx))),
    write: (stores, body, durability) =>
      store.write(
        stores,
        (tx) => {
          const both: WriteTransaction = { ...checkedReads(tx), put: (name, record) => tx.put(name, record), delete: (name, key) => tx.delete(name, key) }
          return body(both)
        },
        durability,
      ),
    close: () => store.close(),
  }
  inner.set(checked, unchecked(store))
  return checked
}
