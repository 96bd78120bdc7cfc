/** What could not be fetched once is asked for again: no failure is kept in the place of a file. */
import { readFileSync } from 'node:fs'
import { afterEach, expect, it, vi } from 'vitest'
import { quietContext } from '../../../src/core/context.ts'
import { Hold } from '../../../src/jobs/hold.ts'
import { workerContext } from '../../../src/jobs/worker-context.ts'
import { compileOnce } from '../../../src/kernels/compile.ts'
import { samples } from '../../../src/state/samples.ts'
import { pictureForms } from '../../../src/tasks/load-pictures.ts'

afterEach(() => vi.unstubAllGlobals())

/** A site that answers each request in turn. */
function site(...answers: readonly (Response | Error)[]): { readonly asked: string[] } {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (url: string) => {
    const answer = answers[asked.length] as Response | Error
    asked.push(url)
    if (answer instanceof Error) throw answer
    return answer
  })
  return { asked }
}

it('the list of samples, after the network and after the server failed', async () => {
  const { asked } = site(new TypeError('offline'), new Response('', { status: 503 }), Response.json([{ id: 'a' }]))
  await expect(samples()).rejects.toThrow('offline')
  await expect(samples()).rejects.toThrow('missing samples; the server answered 503')
  expect(await samples()).toEqual([{ id: 'a' }])
  await samples()
  expect(asked).toHaveLength(3)
})

it('an asset of a worker, with what to do', async () => {
  const { asked } = site(new Response('', { status: 404 }), new Response('wasm'))
  const context = workerContext({ signal: new AbortController().signal, report: () => {}, stopping: () => false, hold: new Hold(), assets: { 'onnxruntime-wasm': './ort.wasm' } as never })
  await expect(context.asset('onnxruntime-wasm')).rejects.toMatchObject({ message: 'missing asset; the site answered 404 for onnxruntime-wasm', hint: expect.stringMatching('Go online once') as string })
  expect(new TextDecoder().decode(await context.asset('onnxruntime-wasm'))).toBe('wasm')
  expect(asked).toEqual(['./ort.wasm', './ort.wasm'])
})

it('kernels whose bytes were cut short', async () => {
  const bytes = new Uint8Array(readFileSync('src/kernels/moments.wasm'))
  await expect(compileOnce('asked again', bytes.slice(0, 100).buffer)).rejects.toThrow(WebAssembly.CompileError)
  const module = await compileOnce('asked again', bytes.buffer)
  expect(await compileOnce('asked again', bytes.buffer)).toBe(module)
})

it('the network for pictures, which every later picture waits for', async () => {
  const openRunner = vi.fn<() => Promise<never>>()
  openRunner.mockRejectedValueOnce(new TypeError('offline')).mockRejectedValueOnce(new TypeError('again'))
  const forms = pictureForms({ context: quietContext(), openRunner }, () => Promise.reject(new Error('there is none')))
  const pixels = { width: 2, height: 2, channels: 3, data: new Uint8Array(12) } as const
  const form = { height: 2, width: 2, channels: 3, crop: 'cover', backbone: 'mobilenet-v2', size: 4 } as const
  await expect(Promise.all([forms.of(pixels, form), forms.of(pixels, form)])).rejects.toThrow('offline')
  expect(openRunner).toHaveBeenCalledTimes(1)
  await expect(forms.of(pixels, form)).rejects.toThrow('again')
  await forms.close()
})
