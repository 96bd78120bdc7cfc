/** A project that is left while the right to write is still on its way: nobody else is kept out by it. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Notices } from '../../../src/state/notices.svelte.ts'
import { ProjectState, type Writer } from '../../../src/state/project.svelte.ts'
import { createMemoryStore } from '../../../src/storage/memory-store.ts'
import { createProject } from '../../../src/storage/projects.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A project that another tab writes; `answer` ends the oldest question for the right to write. */
async function readOnlyProject() {
  const store = createMemoryStore()
  const { id } = await createProject(store, 'p')
  const asked: { readonly steal: boolean; readonly answer: (writer: Writer | null) => void }[] = []
  const opening = ProjectState.open(id, store, (_id, { steal }) => new Promise((answer) => void asked.push({ steal, answer })), {} as Notices)
  await vi.waitUntil(() => asked.length === 1)
  asked.shift()?.answer(null)
  const project = await opening
  const released = vi.fn()
  return { project, asked, released, writer: { token: 2, release: released } }
}

it('gives the right back where it was taken over for a project that was left meanwhile', async () => {
  const { project, asked, released, writer } = await readOnlyProject()
  const taking = project.takeOver()
  expect(asked.map(({ steal }) => steal)).toEqual([true])
  project.close()
  asked[0]?.answer(writer)
  await taking
  expect(released).toHaveBeenCalledTimes(1)
  expect(project.readOnly).toBe(true)
})

it('gives the right back where the other tab went while the project was left', async () => {
  const { project, asked, released, writer } = await readOnlyProject()
  await vi.advanceTimersByTimeAsync(1000)
  expect(asked.map(({ steal }) => steal)).toEqual([false])
  project.close()
  asked[0]?.answer(writer)
  await vi.advanceTimersByTimeAsync(5000)
  expect(released).toHaveBeenCalledTimes(1)
  expect(project.readOnly).toBe(true)
  // And asks no more.
  expect(asked).toHaveLength(1)
})

it('keeps the right where the project is still open', async () => {
  const { project, asked, released, writer } = await readOnlyProject()
  const taking = project.takeOver()
  asked[0]?.answer(writer)
  await taking
  expect([project.readOnly, released.mock.calls.length]).toEqual([false, 0])
  project.close()
  expect(released).toHaveBeenCalledTimes(1)
})
