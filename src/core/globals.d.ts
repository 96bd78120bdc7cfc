// What browsers' workers and Node share, and nothing else: core compiles against this and ES2023, so a
// DOM or Node API in core is a compile error.
interface AbortSignal {
  readonly aborted: boolean
  readonly reason: unknown
  throwIfAborted(): void
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}
interface AbortController {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}
declare var AbortController: { new (): AbortController }
interface TextDecoderOptions { fatal?: boolean; ignoreBOM?: boolean }
interface TextDecoder {
  readonly encoding: string
  decode(input?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string
}
declare var TextDecoder: { new (label?: string, options?: TextDecoderOptions): TextDecoder }
interface TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>
  encodeInto(source: string, destination: Uint8Array): { read: number; written: number }
}
declare var TextEncoder: { new (): TextEncoder }
interface ReadableStreamDefaultReader<T> {
  read(): Promise<{ done: false; value: T } | { done: true; value: undefined }>
  cancel(reason?: unknown): Promise<void>
  releaseLock(): void
}
interface ReadableStream<T = unknown> {
  getReader(): ReadableStreamDefaultReader<T>
  cancel(reason?: unknown): Promise<void>
}
interface SubtleCrypto {
  digest(algorithm: 'SHA-256', data: ArrayBuffer | ArrayBufferView<ArrayBuffer>): Promise<ArrayBuffer>
}
declare var crypto: { readonly subtle: SubtleCrypto; getRandomValues<T extends ArrayBufferView>(array: T): T }
declare function structuredClone<T>(value: T): T
declare namespace WebAssembly {
  type ImportValue = unknown
  interface Memory { readonly buffer: ArrayBuffer; grow(delta: number): number }
  interface Module {}
  interface Instance { readonly exports: Record<string, unknown> }
  var Memory: { new (descriptor: { initial: number; maximum?: number; shared?: boolean }): Memory }
  function compile(bytes: ArrayBuffer | ArrayBufferView): Promise<Module>
  function instantiate(module: Module, imports?: Record<string, Record<string, ImportValue>>): Promise<Instance>
}
declare function setTimeout(body: () => void, milliseconds: number): number
declare function clearTimeout(timer: number | undefined): void
