/** A worker whose tasks misbehave on request; task names are borrowed from the protocol. */
import { StudioError } from '../../../src/core/errors.ts'
import type { Context } from '../../../src/core/context.ts'
import { serve } from '../../../src/jobs/host.ts'
import { createMemoryStore } from '../../../src/storage/memory-store.ts'
import type { Store } from '../../../src/storage/port.ts'
import { remoteStore, serveStore } from '../../../src/storage/remote-store.ts'

interface Probe {
  readonly context: Context
  readonly store: Store
}
let opened = 0

async function act({ context, store }: Probe, how: string): Promise<string> {
  switch (how) {
    case 'wait': {
      for (let i = 0; ; i++) {
        context.report({ kind: 'step', phase: 'waiting', done: i, total: 1e9 })
        await context.checkpoint()
        if (context.stopping()) return `stopped`
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    }
    case 'save': {
      const { savepoint } = context
      const [state] = savepoint?.left ?? []
      const kept = await savepoint?.save({ unit: 'tree', done: 3, total: 9 }, { json: { at: 3 }, arrays: { x: Float32Array.of(3) } }, 'add')
      return `left ${String(state?.json['at'])} ${state?.arrays['x']?.length}, kept ${kept}`
    }
    case 'deaf':
      context.report({ kind: 'step', phase: 'deaf', done: 0, total: 1 })
      await new Promise(() => {})
      return ''
    case 'late':
      await new Promise((resolve) => setTimeout(resolve, 500))
      return 'late'
    case 'busy':
      for (;;) if (performance.now() < 0) return ''
    case 'throw-later':
      setTimeout(() => {
        throw new Error('thrown outside a call')
      })
      await new Promise(() => {})
      return ''
    case 'refuse':
      throw new StudioError({ code: 'bad-data', message: 'invalid thing; because: 1', details: { line: 3, text: null }, hint: 'Mend it.', cause: new TypeError('deep') })
    case 'unclonable':
      return (() => 1) as unknown as string
    case 'count':
      return String(++opened)
    case 'note':
      await store.write(['checkpoints'], async (tx) => {
        const old = await tx.get('checkpoints', 'n')
        await tx.put('checkpoints', { runId: 'n', projectId: 'p', step: (old?.step ?? 0) + 1, arrays: { x: Float32Array.of(1, 2) } })
      })
      return String((await store.read(['checkpoints'], (tx) => tx.get('checkpoints', 'n')))?.step)
    default:
      return how
  }
}

serve<Probe, { bare: Store }>({
  assets: { 'boosting.wasm': '', 'boosting-shared.wasm': '', 'neural.wasm': '', 'neural-shared.wasm': '', 'moments.wasm': '', 'neighbours.wasm': '', 'trees.wasm': '', 'forest.wasm': '', 'onnxruntime-wasm': '', 'mobilenet-v2.bin': '' },
  handlers: {
    'train': async () => async ({ runId }, host) => ({ runId: await act(host, runId) }),
    'ingest/commit': async () => async ({ name }, host) => ({ datasetId: await act(host, name) }),
    'project/copy': async () => async () => ({ projectId: 'copied' }),
    'project/export': async () => async () => ({ zip: new Uint8Array(200_000).fill(7), fileName: 'x.zip' }),
    'explain/row': async () => async ({ runId }, host) => ({ cells: [], prediction: { label: await act(host, runId), warnings: [] }, actual: null, sealed: false }),
  },
  async start(setup) {
    return { bare: setup.port ? remoteStore(setup.port) : createMemoryStore({ patient: true }) }
  },
  host: ({ bare }, context) => ({ context, store: bare }),
  lend: ({ bare }, port) => serveStore(bare, port),
})
