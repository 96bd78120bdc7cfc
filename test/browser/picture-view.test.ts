/** The explanation of a picture: what was said of one does not stand under the next. Tasks are answered by hand. */
import { type Component, flushSync, mount, unmount } from 'svelte'
import { SvelteMap } from 'svelte/reactivity'
import { afterEach, expect, it } from 'vitest'
import { page } from 'vitest/browser'
import PicturesPanel from '../../src/pages/evaluate/PicturesPanel.svelte'
import PictureView from '../../src/pages/explain/pictures/PictureView.svelte'
import { provideApp } from '../../src/state/context.ts'

interface Visitor {
  readonly id: string
  readonly name: string
  readonly file: Blob
}
const visitorOf = (id: string): Visitor => ({ id, name: `${id}.png`, file: new Blob([id]) })
const mounted: Record<string, unknown>[] = []
function show(component: unknown, props: Record<string, unknown>, answers: Readonly<Record<string, unknown>>) {
  const guests = new SvelteMap<'now', Visitor>([['now', visitorOf('cat')]])
  const questions: { readonly task: string; readonly answer: (value: unknown) => void }[] = []
  const pictures = {
    loaded: true,
    list: [],
    classes: ['cat', 'dog'],
    thumbnails: { get: async () => undefined },
    get visitor(): Visitor | undefined {
      return guests.get('now')
    },
    set visitor(next: Visitor | undefined) {
      if (next) guests.set('now', next)
      else guests.delete('now')
    },
    asked: () => guests.get('now') ?? { row: 11 },
  }
  const jobs = { ask: (task: string) => (task in answers ? Promise.resolve(answers[task]) : new Promise((answer) => questions.push({ task, answer }))) }
  const run = { id: 'r', threshold: 0.3, evaluation: { classes: ['cat', 'dog'] }, spec: { datasetId: 'd', target: { column: 'label', task: 'binary' }, estimator: { id: 'logistic-regression' } } }
  const project = { id: 'p', readOnly: true, noun: 'picture', dataset: { id: 'd', columns: [{ name: 'image', kind: 'image' }, { name: 'file', kind: 'text' }] }, plan: {} }
  const within = (anchor: unknown, given: unknown): unknown => {
    provideApp({ jobs, picturesOf: () => pictures } as unknown as Parameters<typeof provideApp>[0])
    return (component as (anchor: unknown, given: unknown) => unknown)(anchor, given)
  }
  mounted.push(mount(within as unknown as Component<Record<string, unknown>>, { target: document.body, props: { project, run, ...props }, context: new Map() }))
  flushSync()
  return { questions, pictures }
}
afterEach(async () => {
  for (const each of mounted.splice(0)) await unmount(each)
  document.body.replaceChildren()
})
const explained = (share: number) => ({ method: 'occlusion', methods: ['occlusion', 'grad-cam'], picture: { width: 2, height: 2, data: new Uint8ClampedArray(16) }, heat: { width: 2, height: 2, values: new Float32Array(4) }, probabilities: [1 - share, share], actual: null, target: 1, nearest: [] })

it('another picture clears the answer at once, another method keeps it; the card tells the threshold', async () => {
  const { questions, pictures } = show(PictureView, { row: undefined }, {})
  await expect.poll(() => questions.length).toBe(1)
  questions[0]?.answer(explained(0.4))
  const card = page.getByRole('region', { name: 'Prediction' })
  await expect.element(card.getByText('Called dog from 30.0% on')).toBeVisible()
  await page.getByRole('combobox', { name: 'Explanation' }).selectOptions('grad-cam')
  await expect.element(card).toBeVisible()
  pictures.visitor = visitorOf('other')
  flushSync()
  expect(document.querySelector('section[aria-label="Prediction"]')).toBeNull()
  await expect.element(page.getByText('other.png')).toBeVisible()
  questions.at(-1)?.answer(explained(0.1))
  await expect.element(card).toBeVisible()
})

it('a picture of a confusion cell leads to itself, whatever new one was explained before', async () => {
  const { pictures } = show(PicturesPanel, { rowNumbers: [11] }, { 'data/rows': { cells: [['ab', '12.png']] } })
  await page.getByRole('link', { name: 'Explain 12.png' }).click()
  expect(location.hash).toContain('picture')
  expect(pictures.visitor).toBeUndefined()
})
