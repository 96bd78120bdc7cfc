/**
 * How far trainings came, in a folder, so that the same command goes on where it was killed: a folder for each spec and
 * data, a file a part, and a head, renamed into place last, that names the parts that count.
 */
import { mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { checkpointProblem, type Checkpoint, type CheckpointHead, type CheckpointOf, type CheckpointPart, type CheckpointPort } from '../core/run/keeper.ts'

interface Head extends CheckpointHead {
  readonly of: CheckpointOf
  readonly parts: readonly number[]
}
const partName = (sequence: number): string => `part-${sequence}`

export class CheckpointFolder {
  readonly path: string
  readonly #made = new Set<string>()
  /** Told of each training that goes on. */
  readonly #ongoing: (left: Checkpoint) => void

  constructor(path: string, ongoing: (left: Checkpoint) => void) {
    this.path = path
    this.#ongoing = ongoing
  }

  async open(now: CheckpointOf): Promise<{ readonly port: CheckpointPort; readonly refused?: string }> {
    // By both: two files with the same columns have the same spec, and neither may write over the other's trees.
    const folder = join(this.path, `${now.spec.slice(0, 16)}-${now.data.slice(0, 16)}`)
    this.#made.add(folder)
    await mkdir(folder, { recursive: true })
    const found = await read(folder)
    const refused = found === undefined ? undefined : typeof found === 'string' ? found : checkpointProblem(found.of, now)
    const left = typeof found === 'object' && refused === undefined ? found : undefined
    if (left) this.#ongoing(left)
    let live: ReadonlySet<number> = new Set(left?.parts.map(({ sequence }) => sequence))
    const put = async (head: CheckpointHead, part: CheckpointPart, gone: readonly number[]): Promise<void> => {
      const next = new Set([...live].filter((sequence) => !gone.includes(sequence)).concat(part.sequence))
      const whole: Head = { ...head, of: now, parts: [...next] }
      try {
        await writeFile(join(folder, partName(part.sequence)), serialize(part))
        await writeFile(join(folder, 'head.part'), JSON.stringify(whole))
        await rename(join(folder, 'head.part'), join(folder, 'head.json'))
      } catch (error) {
        // The old head counts on: no later one may name this part, and a full disk needs its room.
        for (const name of [partName(part.sequence), 'head.part']) await drop(join(folder, name))
        throw error
      }
      live = next
      // What no head names any more harms nobody; a put that said it failed would be put again, beside itself.
      for (const sequence of gone) await drop(join(folder, partName(sequence)))
    }
    return { port: { left, put }, ...(refused === undefined ? {} : { refused }) }
  }

  /** Takes away what this command kept there, and the folder where nothing else lies in it. */
  async clear(): Promise<void> {
    for (const folder of this.#made) await rm(folder, { recursive: true, force: true })
    await rmdir(this.path).catch(() => {})
  }
}

const drop = (file: string): Promise<void> => rm(file, { force: true }).catch(() => {})

/** What is kept there; why it cannot be read; undefined where there is nothing. */
async function read(folder: string): Promise<Checkpoint | string | undefined> {
  let head: Head
  try {
    head = JSON.parse(await readFile(join(folder, 'head.json'), 'utf8')) as Head
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : 'invalid checkpoint; its head cannot be read'
  }
  try {
    const parts = await Promise.all(head.parts.map(async (sequence) => deserialize(await readFile(join(folder, partName(sequence)))) as CheckpointPart))
    return { ...head, parts }
  } catch {
    return 'invalid checkpoint; a part of it is missing or cannot be read'
  }
}
