/**
 * The way back through the network that ships: how what is made of its numbers changes with each pixel. The reverse of
 * each layer is written as nodes behind the way forward, so that one run of ONNX Runtime does both: a convolution is
 * turned around by the same weights (ConvTranspose), a clip lets slopes through where it did not cut, a sum hands them
 * to both sides. Batch normalisation is folded into the weights; of these no slopes are taken.
 */
import type { Context } from '../../context.ts'
import { GraphBuilder, type OnnxGraph } from '../../onnx/graph.ts'
import { encodeOnnx } from '../../onnx/proto.ts'
import type { OnnxRunner } from '../../onnx/runner.ts'
import { backboneMaps, backboneSide, backboneSize, type WrittenBlock, type WrittenConvolution } from './mobilenet-v2.ts'

/** A pixel of the last maps stands for so many, in width and height. */
const shrinks = 16

/** @param side of the pictures, a multiple of 16. Inputs: pixels [1, side, side, 3], slopes [K, 96]; output: the slopes of K answers by the pixels, [K, side, side, 3] */
export function slopeGraph(bytes: Uint8Array, side = backboneSide): OnnxGraph {
  const graph = new GraphBuilder()
  const pixels = graph.input('pixels', 'float', [1, side, side, 3])
  const slopes = graph.input('slopes', 'float', ['K', backboneSize])
  const turned = (value: string, perm: readonly number[]): string => graph.node('Transpose', [value], { perm: { kind: 'ints', value: perm } })
  const blocks: WrittenBlock[] = []
  backboneMaps(graph, turned(pixels, [0, 3, 1, 2]), bytes, (block) => blocks.push(block))

  const scalar = (value: number): string => graph.floats('number', [value], [])
  const back = (delta: string, { weights, window, output, clip }: WrittenConvolution): string => {
    const uncut = (): string => graph.node('And', [graph.node('Greater', [output, scalar(0)]), graph.node('Less', [output, scalar(6)])])
    return graph.node('ConvTranspose', [clip ? graph.node('Where', [uncut(), delta, scalar(0)]) : delta, weights], window)
  }
  const places = side / shrinks
  const each = graph.node('Div', [graph.node('Reshape', [slopes, graph.ints('one_place', [-1, backboneSize, 1, 1])]), scalar(places * places)])
  let delta = graph.node('Expand', [each, graph.ints('places', [1, backboneSize, places, places])])
  for (const { convolutions, adds } of blocks.toReversed()) {
    const through = convolutions.toReversed().reduce(back, delta)
    delta = adds ? graph.node('Add', [delta, through]) : through
  }
  graph.nameAs(turned(delta, [0, 2, 3, 1]), 'by_pixels')
  graph.output('by_pixels', 'float', ['K', side, side, 3])
  return graph.build('slopes')
}

export interface SlopeFinder {
  /**
   * @param pixels shape (224, 224, 3), 0 to 1
   * @param slopes of `count` answers by the numbers that describe the picture, shape (count, 96)
   * @returns of the same answers by the pixels, shape (count, 224, 224, 3)
   */
  find(pixels: Float32Array, slopes: Float32Array, count: number): Promise<Float32Array>
  close(): Promise<void>
}

export async function openSlopeFinder(context: Context, runner: OnnxRunner): Promise<SlopeFinder> {
  const session = await runner.open(encodeOnnx(slopeGraph(new Uint8Array(await context.asset('mobilenet-v2.bin')))))
  return {
    async find(pixels, slopes, count) {
      const feeds = new Map([
        ['pixels', { type: 'float', values: pixels, dims: [1, backboneSide, backboneSide, 3] }],
        ['slopes', { type: 'float', values: slopes, dims: [count, backboneSize] }],
      ] as const)
      return (await session.run(feeds, count)).get('by_pixels') as Float32Array
    },
    close: () => session.close(),
  }
}
