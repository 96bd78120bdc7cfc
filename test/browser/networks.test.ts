/** Networks for pictures on the Train page: brought in, called off, removed. Tasks are answered by hand. */
import { type Component, flushSync, mount, unmount } from 'svelte'
import { afterEach, describe, expect, it } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { StudioError } from '../../src/core/errors.ts'
import { ownRecipe } from '../../src/core/recipe/own-embedding.ts'
import BringNetwork from '../../src/pages/train/BringNetwork.svelte'
import NetworkChoice from '../../src/pages/train/NetworkChoice.svelte'
import { provideApp } from '../../src/state/context.ts'

const network = { hash: 'ab'.repeat(32), name: 'tiny', height: 32, width: 32, size: 12 }
interface Question {
  readonly task: string
  readonly signal: AbortSignal | undefined
  readonly answer: (value: unknown) => void
  readonly refuse: (error: unknown) => void
}
const mounted: Record<string, unknown>[] = []
function show(component: unknown, props: Record<string, unknown>): { questions: Question[]; decided: unknown[] } {
  const questions: Question[] = []
  const decided: unknown[] = []
  const jobs = { ask: (task: string, _: unknown, signal?: AbortSignal) => new Promise((answer, refuse) => questions.push({ task, signal, answer, refuse })) }
  const project = { id: 'p', token: 1, readOnly: false, dataset: { id: 'd' }, plan: { target: null, recipe: ownRecipe(network) }, decide: async (change: unknown) => void decided.push(change) }
  const within = (anchor: unknown, given: unknown): unknown => {
    provideApp({ jobs } as unknown as Parameters<typeof provideApp>[0])
    return (component as (anchor: unknown, given: unknown) => unknown)(anchor, given)
  }
  mounted.push(mount(within as unknown as Component<Record<string, unknown>>, { target: document.body, props: { project, ...props }, context: new Map() }))
  flushSync()
  return { questions, decided }
}
afterEach(async () => {
  for (const each of mounted.splice(0)) await unmount(each)
  document.body.replaceChildren()
})
const named = async (questions: readonly Question[], task: string): Promise<Question> => {
  await expect.poll(() => questions.at(-1)?.task).toBe(task)
  return questions.at(-1) as Question
}

describe('bringing one in', () => {
  const use = page.getByRole('button', { name: 'Bring in and use' })
  async function chosen(questions: readonly Question[], name: string): Promise<void> {
    const before = questions.length
    await userEvent.upload(document.querySelector('input[type=file]') as HTMLInputElement, new File(['x'], name))
    await expect.poll(() => questions.length).toBe(before + 1)
    const look = await named(questions, 'backbone/look')
    look.answer({ name: 'tiny', offer: { parameters: 7, outputs: [{ tensor: 'out', label: 'Its output' }] } })
    await expect.element(page.getByRole('textbox', { name: 'Height' })).toBeVisible()
  }
  it('one good side does not make up for the other, and a new file starts afresh', async () => {
    const { questions } = show(BringNetwork, { open: true, onbrought: () => {} })
    await chosen(questions, 'a.onnx')
    await page.getByRole('textbox', { name: 'Height' }).fill('99999')
    await page.getByRole('textbox', { name: 'Width' }).fill('64')
    await expect.element(use).toBeDisabled()
    await page.getByRole('textbox', { name: 'Height' }).fill('64')
    await expect.element(use).toBeEnabled()
    await page.getByRole('textbox', { name: 'Width' }).fill('1.5')
    await expect.element(use).toBeDisabled()
    await chosen(questions, 'b.onnx')
    await expect.element(use).toBeEnabled()
  })
  it.each([
    ['Cancel', () => page.getByRole('button', { name: 'Cancel' }).click()],
    ['Close', () => page.getByRole('button', { name: 'Close' }).click()],
    ['Escape', () => userEvent.keyboard('{Escape}')],
  ])('%s calls it off: an answer that still comes changes nothing', async (_, close) => {
    const brought: unknown[] = []
    const { questions } = show(BringNetwork, { open: true, onbrought: (found: unknown) => brought.push(found) })
    await chosen(questions, 'a.onnx')
    await use.click()
    const bring = await named(questions, 'backbone/bring')
    expect(bring.signal?.aborted).toBe(false)
    await close()
    await expect.poll(() => bring.signal?.aborted).toBe(true)
    bring.answer(network)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(brought).toEqual([])
  })
  it('what was not called off is used', async () => {
    const brought: unknown[] = []
    const { questions } = show(BringNetwork, { open: true, onbrought: (found: unknown) => brought.push(found) })
    await chosen(questions, 'a.onnx')
    await use.click()
    const bring = await named(questions, 'backbone/bring')
    bring.answer(network)
    await expect.poll(() => brought).toEqual([network])
    await expect.poll(() => document.querySelector('dialog')?.open).toBe(false)
  })
})

describe('removing one', () => {
  it('asks first, says what needs it, and falls back to the one of the app', async () => {
    const removed: string[] = []
    const { questions, decided } = show(NetworkChoice, { brought: undefined, onbring: () => {}, onremoved: (hash: string) => removed.push(hash) })
    const list = await named(questions, 'backbone/list')
    list.answer([network])
    const remove = async () => {
      await page.getByRole('button', { name: 'Remove this one' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click()
      return named(questions, 'backbone/remove')
    }
    const first = await remove()
    first.refuse(new StudioError({ code: 'unsupported', message: 'unsupported removal; models look through this network: “Bananas”' }))
    await expect.element(page.getByRole('alert')).toHaveTextContent('“Bananas”')
    expect([removed, decided]).toEqual([[], []])
    await page.getByRole('button', { name: 'Remove this one' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click()
    await expect.poll(() => questions.length).toBe(3)
    questions.at(-1)?.answer(undefined)
    await expect.poll(() => decided).toEqual([{ recipe: null }])
    expect(removed).toEqual([network.hash])
    await expect.element(page.getByRole('button', { name: 'Remove this one' })).not.toBeInTheDocument()
    await expect.element(page.getByRole('alert')).not.toBeInTheDocument()
  })
})
