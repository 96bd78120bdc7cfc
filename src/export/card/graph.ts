/** The script of a card whose model is the graph itself: ONNX Runtime in WebAssembly and model.onnx lie in the page, unpacked when asked for. */
import * as ort from 'onnxruntime-web/wasm'
import { encodeCell, emptyFeed, setCell, type Feed } from '../../core/bundle/encode.ts'
import type { GoldenCell } from '../../core/bundle/golden.ts'
import { fromBase64, hasPictures } from '../../core/bundle/pictures.ts'
import { ortRunner, type Ort } from '../../core/onnx/runner-ort.ts'
import { answer, type OnnxSession, type ServedAnswer } from '../../core/onnx/runner.ts'
import { breath, byId, type CardAnswer, type CardModel } from './answer.ts'
import { picturePage } from './picture-page.ts'
import { tablePage } from './table-page.ts'

async function unpacked(id: string): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([fromBase64(byId(id).textContent ?? '')])
  return new Uint8Array(await new Response(packed.stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer())
}

/** Cells of the controls as tensors; a moment is in seconds by now, whatever the layout of its column. */
function feedsOf({ inputs }: CardModel, rows: readonly (readonly GoldenCell[])[]): Feed[] {
  return inputs.map((input, i) => {
    const feed = emptyFeed(input.tensor, rows.length)
    rows.forEach((row, r) => {
      const given = row[i] ?? null
      const cell = input.kind === 'datetime' && typeof given === 'number' ? { value: BigInt(given) } : encodeCell(input, given)
      if ('problem' in cell) throw new Error(`${input.name}: ${cell.problem}`)
      setCell(feed, r, cell.value)
    })
    return feed
  })
}
const cardAnswer = ({ classes }: CardModel, { answers, probabilities }: ServedAnswer, row: number): CardAnswer =>
  probabilities ? { label: String(answers[row]), probabilities: Array.from({ length: classes.length }, (_, c) => probabilities[row * classes.length + c] as number) } : { value: Number(answers[row]) }

async function load(): Promise<{ session: OnnxSession; runtime: string }> {
  ort.env.wasm.numThreads = 1
  ort.env.wasm.proxy = false
  ort.env.wasm.wasmBinary = (await unpacked('runtime')).buffer
  const runner = ortRunner(ort as unknown as Ort, `onnxruntime-web ${ort.env.versions.web ?? ort.env.versions.common}`, { executionProviders: ['wasm'] })
  return { session: await runner.open(await unpacked('graph')), runtime: runner.runtime }
}

export function open(model: CardModel): void {
  const button = byId<HTMLButtonElement>('load')
  const state = byId('loading')
  button.hidden = false
  button.addEventListener('click', async () => {
    button.disabled = true
    state.textContent = 'Unpacking the model… The page stands still meanwhile: a moment, of large forests several seconds.'
    await breath()
    try {
      const { session, runtime } = await load()
      if (hasPictures(model)) picturePage(model, async (pixels) => cardAnswer(model, await answer(session, model, [{ type: 'string', values: [''] }], 1, () => pixels), 0))
      else
        tablePage(model, async (rows) => {
          const served = await answer(session, model, feedsOf(model, rows), rows.length)
          return rows.map((_, row) => cardAnswer(model, served, row))
        })
      button.hidden = true
      state.textContent = `The model is run by ${runtime}, in this page.`
    } catch (error) {
      button.disabled = false
      state.textContent = `The model could not be loaded: ${error instanceof Error ? error.message : String(error)}`
    }
  })
}
