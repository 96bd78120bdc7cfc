/**
 * How far a run came, stage by stage, kept where it outlives the tab: its fit first, then its folds, several at a time
 * where they run side by side. A stage under way has the states of its fit; a finished one has its result in their place.
 */
import type { Context } from '../context.ts'
import { StudioError } from '../errors.ts'
import { savepointOver, type FitState, type Reached, type Savepoint } from '../savepoint.ts'
import type { CurveSeries } from './run.ts'

/** The form of what is kept. What another version left is refused: going on from it would not give the same bits. */
export const checkpointVersion = 1

/** What a checkpoint is of. */
export interface CheckpointOf {
  readonly version: number
  /** Version of the app: another may compute otherwise. */
  readonly app: string
  /** SHA-256 of the spec as canonical JSON. */
  readonly spec: string
  /** Content hash of the dataset. */
  readonly data: string
}
export interface CheckpointPart extends FitState {
  /** Order of keeping. */
  readonly sequence: number
  readonly stage: string
  readonly finished: boolean
}
export interface CheckpointHead {
  readonly reached: Reached
  /** Curves up to there. */
  readonly history: readonly CurveSeries[]
  /** Milliseconds of fitting up to there. */
  readonly spent: number
}
export interface Checkpoint extends CheckpointHead {
  readonly of: CheckpointOf
  readonly parts: readonly CheckpointPart[]
}
/** Where it is kept. */
export interface CheckpointPort {
  readonly left: Checkpoint | undefined
  /** All of it or nothing. @param gone sequence numbers of parts that it takes the place of */
  put(head: CheckpointHead, part: CheckpointPart, gone: readonly number[]): Promise<void>
}

/** Why a run cannot go on from a checkpoint; undefined where it can. */
export function checkpointProblem(left: CheckpointOf, now: CheckpointOf): string | undefined {
  if (left.version !== now.version) return `invalid checkpoint; its version must be ${now.version}: ${left.version}`
  if (left.app !== now.app) return `invalid checkpoint; it must be of version ${now.app} of the studio: ${left.app.slice(0, 40)}`
  if (left.data !== now.data) return `invalid checkpoint; it must be of the data of this run, ${now.data.slice(0, 16)}: ${left.data.slice(0, 16)}`
  if (left.spec !== now.spec) return `invalid checkpoint; it must be of the settings of this run, ${now.spec.slice(0, 16)}: ${left.spec.slice(0, 16)}`
  return undefined
}

/** What keeps the stages of some work. */
export interface Stages {
  /** The result of a stage that was done before. */
  finished(stage: string): FitState | undefined
  /** Keeps the result of a stage in place of its states. @param covers other stages, within the same part, that this result makes needless */
  finish(stage: string, reached: Reached, state: FitState, covers?: (stage: string) => boolean): Promise<boolean>
  /** For the fit of a stage. */
  savepoint(stage: string): Savepoint
  /** For a part of the work, whose stages go by names of their own. */
  within(part: string): Stages
}
const partOf = (whole: Stages, name: string): Stages => ({
  finished: (stage) => whole.finished(`${name} ${stage}`),
  finish: (stage, reached, state, covers) => whole.finish(`${name} ${stage}`, reached, state, covers && ((other) => other.startsWith(`${name} `) && covers(other.slice(name.length + 1)))),
  savepoint: (stage) => whole.savepoint(`${name} ${stage}`),
  within: (part) => partOf(whole, `${name} ${part}`),
})

export class Keeper implements Stages {
  readonly #port: CheckpointPort
  readonly #context: Pick<Context, 'now' | 'report'>
  readonly #begun: number
  readonly #parts: CheckpointPart[]
  #sequence: number
  #saving: Promise<unknown> = Promise.resolve()
  /** Curves of the fit so far. */
  history: () => readonly CurveSeries[]

  constructor(port: CheckpointPort, context: Pick<Context, 'now' | 'report'>) {
    this.#port = port
    this.#context = context
    this.#begun = context.now()
    this.#parts = [...(port.left?.parts ?? [])].sort((a, b) => a.sequence - b.sequence)
    this.#sequence = this.#parts.at(-1)?.sequence ?? 0
    this.history = () => port.left?.history ?? []
  }

  /** What an interrupted run had come to. */
  get left(): Checkpoint | undefined {
    return this.#port.left
  }
  finished(stage: string): FitState | undefined {
    return this.#parts.find((part) => part.stage === stage && part.finished)
  }
  finish(stage: string, reached: Reached, state: FitState, covers: (stage: string) => boolean = () => false): Promise<boolean> {
    return this.#put(stage, reached, state, true, 'replace', covers)
  }
  within(part: string): Stages {
    return partOf(this, part)
  }
  savepoint(stage: string): Savepoint {
    const left = this.#parts.filter((part) => part.stage === stage && !part.finished)
    return savepointOver(left, (reached, state, how) => this.#put(stage, reached, state, false, how), () => this.#context.now())
  }

  /** One after the other: folds that end together would cross. */
  #put(stage: string, reached: Reached, state: FitState, finished: boolean, how: 'add' | 'replace', covers?: (stage: string) => boolean): Promise<boolean> {
    const put = this.#saving.then(() => this.#write({ ...state, stage, finished, sequence: ++this.#sequence }, reached, how, covers))
    this.#saving = put
    return put
  }

  async #write(part: CheckpointPart, reached: Reached, how: 'add' | 'replace', covers: (stage: string) => boolean = () => false): Promise<boolean> {
    const gone = how === 'add' ? [] : this.#parts.filter(({ stage }) => stage === part.stage || covers(stage)).map(({ sequence }) => sequence)
    const spent = (this.#port.left?.spent ?? 0) + (this.#context.now() - this.#begun)
    try {
      await this.#port.put({ reached, history: this.history(), spent }, part, gone)
      for (let i = this.#parts.length - 1; i >= 0; i--) if (gone.includes((this.#parts[i] as CheckpointPart).sequence)) this.#parts.splice(i, 1)
      // Its numbers are on the disk; here only its place in the order is needed.
      this.#parts.push({ ...part, json: {}, arrays: {} })
      return true
    } catch (error) {
      const why = error instanceof StudioError && error.code === 'storage-full' ? ': the disk is full' : ''
      this.#context.report({ kind: 'note', text: `Training goes on, but how far it came could not be saved${why}.` })
      return false
    }
  }
}
