/**
 * How large a stranger's graph can make its tensors. Nothing is run. Of a graph for tables the shapes are known (shapes.ts): no value
 * may hold more than a million numbers of one row, and trees and lines read columns that are there. Networks that see pictures take pictures of any size: there each value gets an upper
 * bound of how many of the largest tensor that goes in it may hold.
 */
import type { ReadModel, ReadNode } from './model.ts'
import { shapesOf, widthOf, type Extent } from './shapes.ts'
import { checkTreeColumns } from './trees.ts'
import { refuse } from './wire.ts'

/** Of one row, and joined of others: forty tensors each joined with itself are a million million. */
const most = 1_000_000
/** Where a graph takes a fixed number of rows, of all of them: 128 MB. */
const mostAtOnce = 2 ** 25
/** Columns of an input that does not say how many it takes: as many as a table may have. */
const mostColumns = 20_000
const said = (count: number): string => count.toLocaleString('en')

/** ONNX Runtime takes their number on trust. */
function checkCoefficients({ opType, attributes }: ReadNode, columns: number): void {
  const lines = opType === 'LinearRegressor' ? Number(attributes.get('targets')?.int ?? 1n) : (attributes.get('intercepts')?.floats.length ?? 0)
  const held = attributes.get('coefficients')?.floats.length ?? 0
  if (held < lines * columns) throw refuse(`${opType} must have a coefficient for each of ${said(columns)} columns, ${said(lines)} times: ${said(held)}`)
}

/** @returns the most values that one row takes up, at least 1; 1 for a graph of a fixed number of rows. @throws StudioError bad-data */
export function checkTableShapes(model: ReadModel): number {
  const isFixed = model.inputs.every(({ shape }) => typeof shape?.[0] === 'number')
  const weights = model.initializers.reduce((sum, { dims }) => sum + dims.reduce((product, size) => product * size, 1), 0)
  const roomFor = ({ rows }: Extent): number => (rows > 0 ? most : Math.max(isFixed ? mostAtOnce : most, weights))
  let widest = 1
  for (const { node, inputs, shape } of shapesOf(model, mostColumns)) {
    const { total } = shape
    const width = inputs[0] && widthOf(inputs[0])
    if (node.opType.startsWith('TreeEnsemble') && width) checkTreeColumns(node, width.rows > 0 ? mostColumns : Math.min(width.size, mostColumns))
    if (node.opType.startsWith('Linear') && width?.exact && width.rows === 0) checkCoefficients(node, width.size)
    if (total.rows > 1) throw refuse(`${node.opType} makes values for every pair of rows, which grow with the square of their number`)
    const room = roomFor(total)
    if (total.size > room) throw refuse(`${node.opType} makes more than ${said(room)} values${total.rows > 0 ? ' of one row' : ''}${total.size < 2 ** 53 ? `: ${said(total.size)}` : ''}`)
    if (total.rows > 0) widest = Math.max(widest, total.size)
  }
  return widest
}

/** @throws StudioError bad-data */
export function checkPictureGrowth({ nodes }: ReadModel): void {
  const bounds = new Map<string, number>()
  for (const { opType, inputs, outputs } of nodes) {
    const own = inputs.map((name) => bounds.get(name) ?? 1)
    const grown = opType === 'Concat' ? own.reduce((sum, count) => sum + count, 0) : own.reduce((largest, count) => Math.max(largest, count), 1)
    if (grown > most) throw refuse(`${opType} joins more than ${said(most)} values, by joining what was joined before`)
    for (const name of outputs) bounds.set(name, grown)
  }
}
