/**
 * Lines at the end of a file, written beside the event loop. A full disk loses lines and nothing else: they are counted,
 * the loss is said once, no line stays half written, and with room again it goes on. Moved away by somebody who rotates
 * logs, the file is opened anew under its name.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, write as fsWrite } from 'node:fs'
import { promisify } from 'node:util'
import { BundleError } from './bundle.ts'

/** Bytes that may wait for the disk; what comes then is lost and counted. */
const mostWaiting = 16 * 1024 * 1024
const newline = 10
const writeSome = promisify(fsWrite)

export interface LineFileOptions {
  /** Told when lines begin to be lost, and when they are written again. */
  readonly say?: (event: string, reason: string) => void
  /** @returns bytes that were written */
  readonly put?: (file: number, bytes: Buffer, from: number) => Promise<number>
}
const codeOf = (error: unknown): string => (error as { readonly code?: string }).code ?? String(error)

function openEnd(path: string): number {
  try {
    return openSync(path, 'a', 0o600)
  } catch (cause) {
    throw new BundleError(`invalid REQUEST_LOG; the file cannot be opened (${codeOf(cause)}): ${path}`, { cause })
  }
}
function linesIn(bytes: Buffer): number {
  let lines = 0
  for (const byte of bytes) if (byte === newline) lines++
  return lines
}

export class LineFile {
  readonly #path: string
  readonly #say: NonNullable<LineFileOptions['say']>
  readonly #put: NonNullable<LineFileOptions['put']>
  #file: number
  #waiting: string[] = []
  #bytes = 0
  #busy: Promise<void> | undefined
  #losing = false
  #torn = false
  #moved = false
  #closed = false
  /** Lines that were lost. */
  lost = 0

  /** @throws BundleError where the file cannot be opened */
  constructor(path: string, { say = () => undefined, put = async (file, bytes, from) => (await writeSome(file, bytes, from, bytes.length - from, null)).bytesWritten }: LineFileOptions = {}) {
    this.#path = path
    this.#say = say
    this.#put = put
    this.#file = openEnd(path)
  }

  /** Whether there is no room for more lines now. */
  get full(): boolean {
    return this.#closed || this.#bytes > mostWaiting
  }

  /** @param text whole lines */
  write(text: string): void {
    this.#waiting.push(text)
    this.#bytes += text.length
    this.#busy ??= this.#drain().finally(() => (this.#busy = undefined))
  }

  /** Under its name again, behind the lines that are being written. */
  async reopen(): Promise<void> {
    this.#moved = true
    await (this.#busy ??= this.#drain().finally(() => (this.#busy = undefined)))
  }

  async #drain(): Promise<void> {
    for (;;) {
      if (this.#moved) this.#openAgain()
      if (this.#waiting.length === 0) return
      const bytes = Buffer.from((this.#torn ? '\n' : '') + this.#waiting.join(''))
      this.#waiting = []
      await this.#writeAll(bytes)
      this.#bytes = this.#waiting.reduce((sum, text) => sum + text.length, 0)
    }
  }

  async #writeAll(bytes: Buffer): Promise<void> {
    let done = 0
    try {
      while (done < bytes.length) done += await this.#put(this.#file, bytes, done)
      this.#torn = false
      if (this.#losing) this.#say('request log written again', this.#path)
      this.#losing = false
    } catch (error) {
      const whole = done === 0 ? 0 : bytes.lastIndexOf(newline, done - 1) + 1
      this.lost += linesIn(bytes.subarray(whole))
      if (done > whole) this.#takeBack(done - whole)
      if (!this.#losing) this.#say('request log not written', codeOf(error))
      this.#losing = true
    }
  }

  /** Half a line; where it cannot be taken back the next begins on a line of its own. */
  #takeBack(bytes: number): void {
    try {
      ftruncateSync(this.#file, fstatSync(this.#file).size - bytes)
    } catch {
      this.#torn = true
    }
  }

  #openAgain(): void {
    this.#moved = false
    try {
      const file = openEnd(this.#path)
      closeSync(this.#file)
      this.#file = file
      this.#torn = false
    } catch (error) {
      this.#say('request log not opened again', error instanceof Error ? error.message : String(error))
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#busy
    closeSync(this.#file)
  }
}
