/** SIGHUP asks for a reload, and would end a process that does not listen for it: it is heard from the first line on. Imported before everything else. */
import { isMainThread } from 'node:worker_threads'

let early = false
let answer = (): void => void (early = true)
if (isMainThread) process.on('SIGHUP', () => answer())

/** From now on; at once where one came before. */
export function onHangup(reload: () => void): void {
  answer = reload
  if (early) reload()
}
