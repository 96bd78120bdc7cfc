/**
 * The inner loop of predicting with trees behind one interface: compiled where its bytes are at hand, plain
 * TypeScript otherwise, with the same bits in every result. Rows walk abreast and without a branch: siblings
 * lie side by side, so a step is an addition, and a leaf leads to itself, so all rows take as many steps as
 * the tree is deep.
 *
 * All data lie in one buffer; every link is a byte address in it.
 * Node, 32 bytes: u32 offset of the feature in a row, f32 threshold (values above go right), u32 left child (the
 * right one follows it), u32 set of codes that go left, u32 largest code of the set, u32 leaf values, 8 for `attribute`.
 * A number split has a threshold and a set of one full word with largest code 0; a category split the largest
 * float and a set that ends in a word for unknown codes and one for missing. A leaf leads to itself.
 * Tree, 16 bytes: u32 root, u32 depth, u32 output its values are added to, u32 1 where it has category splits.
 */
import { plainTreeKernels } from './trees-plain.ts'

export const nodeBytes = 32
export const treeBytes = 16
/** Rows of a block are padded to this many. */
export const abreast = 8

export interface TreeKernels {
  readonly compiled: boolean
  readonly buffer: ArrayBuffer
  /**
   * Adds the leaf values of `count` trees, in their order, to scores, f64 (rows, outputs).
   * @param stride bytes of a row of the block; @param rows a multiple of `abreast`; @param width values of a leaf
   */
  score(trees: number, count: number, block: number, stride: number, rows: number, scores: number, outputs: number, width: number): void
  /**
   * Adds what each feature gives to the scores of each row, f64 at out + row * outStride + output * outputStride +
   * feature * 8. Trees: u32 root, u32 nodes, u32 output, unused. The 8 bytes of a node that `score` leaves alone
   * begin with u32: of an inner node the bit of its feature among those of its path, of a leaf the address of u32
   * features of the path, u32 offset of its table, the features, and the table: f64 (2^features, features), a
   * feature's share of the leaf's values by which features' questions the row answers as the path does.
   * @param masks scratch, u32 for each node of the largest tree
   */
  attribute(trees: number, count: number, block: number, stride: number, rows: number, masks: number, out: number, outStride: number, outputStride: number, width: number): void
}

const pageBytes = 65536

/** Compiled kernels over a fresh memory of at least `bytes` bytes. @throws RangeError where memory is refused */
export async function compiledTreeKernels(wasm: ArrayBuffer, bytes: number): Promise<TreeKernels> {
  const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(wasm))
  const memory = exports['memory'] as WebAssembly.Memory
  const missing = Math.ceil(bytes / pageBytes) - memory.buffer.byteLength / pageBytes
  if (missing > 0) memory.grow(missing)
  return { ...(exports as unknown as Omit<TreeKernels, 'buffer' | 'compiled'>), compiled: true, buffer: memory.buffer }
}

export { plainTreeKernels }
