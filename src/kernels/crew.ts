/**
 * Several threads on one shared memory. The caller puts a list of kernel calls on a board and works through it
 * together with the helpers: whoever is free takes the next call. A helper that comes late costs nothing, since
 * the caller only waits for calls that somebody else has taken; where no helper comes, it does all of them.
 *
 * Helpers look for work for some tens of microseconds after the last call, for the calls of one tree follow each
 * other closely, and then sleep until the next list.
 */

/** One kernel call: its name and its numbers. */
export type Call = readonly [name: string, ...numbers: number[]]

/** What a helper needs to join: sent to it as it is. */
export interface Post {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly board: SharedArrayBuffer
  /** Names of the module's exports that calls may name. */
  readonly names: readonly string[]
}

/** The host's way to helpers, where it has any: a page that is cross-origin isolated, or a terminal. */
export interface Crew {
  /** In all, the caller included; at least 1. */
  readonly threads: number
  /** Sends a post to threads - 1 helpers, each of which then runs `help`. */
  enlist(post: Post): void
}

// Whole numbers at the head of the board.
const left = 0 // runs nobody has taken yet
const done = 1 // runs that are finished
const round = 2 // grows with each list, and at the end
const sleepers = 3
const ended = 4
const headBytes = 64
/** Numbers of a call on the board: which, the result, how many, the numbers. */
const callWords = 16
const mostCalls = 1024
/** Where the calls of each run begin, and where the last one's end. */
const startsBytes = Math.ceil(((mostCalls + 1) * 4) / 64) * 64
const looks = 20_000
const briefMs = 0.05

type Kernel = (...numbers: number[]) => number | undefined

interface Board {
  readonly head: Int32Array
  readonly starts: Int32Array
  readonly calls: Float64Array
}
const boardOf = (board: SharedArrayBuffer): Board => ({
  head: new Int32Array(board, 0, headBytes / 4),
  starts: new Int32Array(board, headBytes, mostCalls + 1),
  calls: new Float64Array(board, headBytes + startsBytes),
})

/** Takes runs of calls until none is left. The counter is read and lowered at once, so that none is taken twice or from an older list. */
function work({ head, starts, calls }: Board, kernels: readonly Kernel[]): void {
  for (;;) {
    const place = Atomics.sub(head, left, 1) - 1
    if (place < 0) return
    const end = (starts[place + 1] as number) * callWords
    for (let at = (starts[place] as number) * callWords; at < end; at += callWords) {
      const kernel = kernels[calls[at] as number] as Kernel
      calls[at + 1] = kernel.apply(undefined, calls.subarray(at + 3, at + 3 + (calls[at + 2] as number)) as unknown as number[]) ?? 0
    }
    Atomics.add(head, done, 1)
  }
}

/** A helper's life on one board; returns when the caller ends it. */
export async function help({ module, memory, board, names }: Post): Promise<void> {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } })
  const kernels = names.map((name) => exports[name] as unknown as Kernel)
  const places = boardOf(board)
  const { head } = places
  while (Atomics.load(head, ended) === 0) {
    const seen = Atomics.load(head, round)
    work(places, kernels)
    let look = 0
    while (look < looks && Atomics.load(head, round) === seen) look++
    if (look < looks) continue
    Atomics.add(head, sleepers, 1)
    Atomics.wait(head, round, seen)
    Atomics.sub(head, sleepers, 1)
  }
}

/** Runs lists of calls on this thread alone. @returns what the calls return, in their order */
export function runHere(functions: object, lists: readonly (readonly Call[])[]): readonly number[] {
  const kernels = functions as Readonly<Record<string, Kernel>>
  const results: number[] = []
  for (const calls of lists) for (const [name, ...numbers] of calls) results.push((kernels[name] as Kernel)(...numbers) ?? 0)
  return results
}

/** The caller's side of a board. */
export class Team {
  readonly threads: number
  readonly #board: Board
  readonly #kernels: readonly Kernel[]
  readonly #index: ReadonlyMap<string, number>

  /** @param functions the exports of the caller's own instance on the shared memory */
  constructor(crew: Crew, module: WebAssembly.Module, memory: WebAssembly.Memory, functions: Readonly<Record<string, unknown>>) {
    const board = new SharedArrayBuffer(headBytes + startsBytes + mostCalls * callWords * 8)
    const names = Object.keys(functions).filter((name) => typeof functions[name] === 'function')
    this.threads = crew.threads
    this.#board = boardOf(board)
    this.#kernels = names.map((name) => functions[name] as Kernel)
    this.#index = new Map(names.map((name, index) => [name, index]))
    crew.enlist({ module, memory, board, names })
  }

  /** Runs calls that do not touch one another's results, in any order; @returns what they return, in theirs. */
  run(list: readonly Call[]): readonly number[] {
    const results: number[] = []
    for (let from = 0; from < list.length; from += mostCalls) results.push(...this.#runSome(list.slice(from, from + mostCalls)))
    return results
  }

  /** Runs lists of calls: those of a list one after the other on one thread, the lists in any order, the last ones first. @returns what the calls return, in theirs */
  runLists(lists: readonly (readonly Call[])[]): readonly number[] {
    const results: number[] = []
    let some: (readonly Call[])[] = []
    let count = 0
    for (const list of lists) {
      if (list.length > mostCalls) throw new RangeError(`invalid list of calls; at most ${mostCalls}: ${list.length}`)
      if (count + list.length > mostCalls) {
        results.push(...this.#runSome(some.flat(), some))
        some = []
        count = 0
      }
      some.push(list)
      count += list.length
    }
    if (some.length > 0) results.push(...this.#runSome(some.flat(), some))
    return results
  }

  /** @param lists how the calls belong together; absent = each by itself */
  #runSome(list: readonly Call[], lists?: readonly (readonly Call[])[]): number[] {
    const { head, starts, calls } = this.#board
    list.forEach(([name, ...numbers], place) => {
      calls[place * callWords] = this.#index.get(name) as number
      calls[place * callWords + 2] = numbers.length
      calls.set(numbers, place * callWords + 3)
    })
    const runs = lists?.length ?? list.length
    let start = 0
    for (let run = 0; run <= runs; run++) {
      starts[run] = start
      start += lists?.[run]?.length ?? 1
    }
    Atomics.store(head, done, 0)
    Atomics.store(head, left, runs)
    Atomics.add(head, round, 1)
    if (Atomics.load(head, sleepers) > 0) Atomics.notify(head, round)
    work(this.#board, this.#kernels)
    // Whoever has the last call may have been put aside by the machine; a nap lets it go on.
    for (let look = 0; Atomics.load(head, done) < runs; look++) if (look > looks) Atomics.wait(head, headBytes / 4 - 1, 0, briefMs)
    return list.map((_, place) => calls[place * callWords + 1] as number)
  }

  /** Lets the helpers go. */
  end(): void {
    const { head } = this.#board
    Atomics.store(head, ended, 1)
    Atomics.add(head, round, 1)
    Atomics.notify(head, round)
  }
}
