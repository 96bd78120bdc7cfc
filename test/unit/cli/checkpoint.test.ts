/** A training in the terminal that is killed: the same command goes on from its folder, to the same bits. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CheckpointFolder } from '../../../src/cli/checkpoint.ts'
import { cancelled } from '../../../src/core/errors.ts'
import { checkpointVersion, type CheckpointHead, type CheckpointOf, type CheckpointPart } from '../../../src/core/run/keeper.ts'
import { readRun } from '../../../src/storage/runs.ts'
import { train } from '../../../src/tasks/train.ts'
import { ingestText, specFor } from '../../support/host.ts'

const penguins = readFileSync('public/samples/penguins.csv')
/** One command: its records are its own. @param dies after so many trees */
async function command(folder: CheckpointFolder | undefined, { dies = Infinity, trees = 6 } = {}) {
  const opened = await ingestText(penguins)
  let clock = 0
  let grown = 0
  const host = {
    ...opened.host,
    context: {
      ...opened.host.context,
      now: () => (clock += 25_000),
      report: (progress: { kind: string; phase?: string; done?: number }) => void (progress.phase === 'growing' && (grown = progress.done ?? 0)),
      checkpoint: async () => {
        if (grown >= dies) throw cancelled()
      },
    },
    ...(folder && { openCheckpoint: (of: Parameters<CheckpointFolder['open']>[0]) => folder.open(of) }),
  }
  await train({ runId: 'run', token: opened.token, spec: specFor(opened, { column: 'species', task: 'multiclass' }, 'random-forest', { nEstimators: trees }) }, host)
  const model = await opened.host.store.read(['models'], (tx) => tx.get('models', 'run'))
  return { model: model?.model, warnings: (await readRun(opened.host.store, 'run')).warnings }
}

it('goes on from what it kept, starts anew over what it cannot read, and leaves nothing behind', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'glasshouse-checkpoint-')), 'kept')
  const went: string[] = []
  const open = () => new CheckpointFolder(path, ({ reached }) => went.push(`${reached.unit} ${reached.done} of ${reached.total}`))
  const whole = await command(undefined)
  await expect(command(open(), { dies: 3 })).rejects.toMatchObject({ code: 'cancelled' })
  await expect(command(open(), { dies: 5 })).rejects.toMatchObject({ code: 'cancelled' })
  // Another spec has a place of its own.
  await expect(command(open(), { dies: 2, trees: 7 })).rejects.toMatchObject({ code: 'cancelled' })
  expect(readdirSync(path)).toHaveLength(2)
  const folder = open()
  expect(await command(folder)).toEqual(whole)
  expect(went).toEqual(['tree 3 of 6', 'tree 5 of 6'])
  await folder.clear()
  const [other] = readdirSync(path) as [string]
  expect(readdirSync(path)).toEqual([other])
  const part = readdirSync(join(path, other)).find((name) => name.startsWith('part')) as string
  writeFileSync(join(path, other, part), 'torn')
  const again = open()
  expect((await command(again, { trees: 7 })).warnings[0]).toBe('Trained from the beginning: invalid checkpoint; a part of it is missing or cannot be read.')
  await again.clear()
  expect(existsSync(path)).toBe(false)
})

const ofData = (data: string): CheckpointOf => ({ version: checkpointVersion, app: '1', spec: 'a'.repeat(64), data: data.repeat(64) })
const part = (sequence: number): CheckpointPart => ({ sequence, stage: 'fit', finished: false, json: { sequence }, arrays: {} })
const head = (done: number): CheckpointHead => ({ reached: { unit: 'tree', done, total: 9 }, history: [], spent: 0 })

it('keeps the same question about other data beside it', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'glasshouse-checkpoint-')), 'kept')
  const [first, second] = [new CheckpointFolder(path, () => {}), new CheckpointFolder(path, () => {})]
  await (await first.open(ofData('b'))).port.put(head(1), part(1), [])
  const other = await second.open(ofData('c'))
  expect(other).toEqual({ port: { left: undefined, put: expect.any(Function) } })
  await other.port.put(head(2), part(1), [])
  await second.clear()
  expect((await first.open(ofData('b'))).port.left?.reached.done).toBe(1)
})
it.each(['head.part', 'head.json'])('counts a part only once its head is there: %s cannot be written', async (stuck) => {
  const path = join(mkdtempSync(join(tmpdir(), 'glasshouse-checkpoint-')), 'kept')
  const of = ofData('b')
  const open = async () => (await new CheckpointFolder(path, () => {}).open(of)).port
  const port = await open()
  if (stuck === 'head.part') await port.put(head(1), part(1), [])
  const folder = join(path, readdirSync(path)[0] as string)
  mkdirSync(join(folder, stuck))
  const before = readdirSync(folder).sort()
  await expect(port.put(head(2), part(2), [1])).rejects.toThrow()
  expect(readdirSync(folder).sort()).toEqual(before)
  rmdirSync(join(folder, stuck))
  if (stuck === 'head.part') expect((await open()).left).toMatchObject({ ...head(1), parts: [part(1)] })
  // The first goes on to count, the failed one never does.
  await port.put(head(3), part(3), [])
  expect((await open()).left?.parts.map(({ sequence }) => sequence)).toEqual(stuck === 'head.part' ? [1, 3] : [3])
})
it('does not call a put failed whose head is there', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'glasshouse-checkpoint-')), 'kept')
  const { port } = await new CheckpointFolder(path, () => {}).open(ofData('b'))
  await port.put(head(1), part(1), [])
  // What it takes the place of cannot be removed.
  mkdirSync(join(path, readdirSync(path)[0] as string, 'part-2'))
  await port.put(head(3), part(3), [1, 2])
  expect((await new CheckpointFolder(path, () => {}).open(ofData('b'))).port.left?.parts).toEqual([part(3)])
})
