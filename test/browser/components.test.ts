/** The shared parts of the page that carry logic, in a real browser, by role and by keyboard. */
import { createRawSnippet, flushSync, mount, unmount } from 'svelte'
import { afterEach, describe, expect, it } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import type { ParamTable, ParamValues } from '../../src/core/params.ts'
import { StudioError } from '../../src/core/errors.ts'
import { Notices } from '../../src/state/notices.svelte.ts'
import type { JobsState } from '../../src/state/jobs.svelte.ts'
import { ProjectState } from '../../src/state/project.svelte.ts'
import { ProjectsState } from '../../src/state/projects.svelte.ts'
import { createMemoryStore } from '../../src/storage/memory-store.ts'
import type { Store } from '../../src/storage/port.ts'
import { createProject, projectRecord } from '../../src/storage/projects.ts'
import { createRun } from '../../src/storage/runs.ts'
import { openWriter } from '../../src/storage/writer-lock.ts'
import DataGrid from '../../src/ui/DataGrid.svelte'
import Dialog from '../../src/ui/Dialog.svelte'
import ErrorCard from '../../src/ui/ErrorCard.svelte'
import Menu from '../../src/ui/Menu.svelte'
import ParamForm from '../../src/ui/ParamForm.svelte'
import Tabs from '../../src/ui/Tabs.svelte'
import { sampleEnvironment, sampleSpec } from '../unit/storage/sample.ts'

const mounted: Record<string, unknown>[] = []
// The components are generic or have bindable properties; what a test gives them is checked by what they show.
function show(component: unknown, props: Record<string, unknown>): void {
  mounted.push(mount(component as Parameters<typeof mount>[0], { target: document.body, props }))
  flushSync()
}
afterEach(async () => {
  for (const each of mounted.splice(0)) await unmount(each)
  document.body.replaceChildren()
})
const text = (html: string) => createRawSnippet(() => ({ render: () => html }))

describe('DataGrid', () => {
  const total = 1_000_000
  const columns = Array.from({ length: 500 }, (_, i) => ({ name: i === 0 ? '__proto__' : `c${i}`, width: 100 }))
  function open(options: Record<string, unknown> = {}) {
    const asked: [number, number][] = []
    const load = (start: number, count: number) => {
      asked.push([start, count])
      return Promise.resolve({ rowNumbers: Array.from({ length: count }, (_, i) => start + i), cells: Array.from({ length: count }, (_, i) => columns.map((_, c) => (start + i) * 1000 + c)) })
    }
    document.body.style.height = '600px'
    show(DataGrid, { label: 'Rows', columns, total, load, format: (cell: unknown) => String(cell), height: 25, ...options })
    return asked
  }

  it('draws what is in sight of a million rows and 500 columns, and says how many there are', async () => {
    const asked = open()
    await expect.element(page.getByRole('gridcell', { name: '1000', exact: true })).toBeVisible()
    const grid = page.getByRole('grid').element()
    expect(grid.getAttribute('aria-rowcount')).toBe('1000001')
    expect(grid.getAttribute('aria-colcount')).toBe('500')
    expect(grid.querySelectorAll('[role=gridcell]').length).toBeLessThan(600)
    expect(asked.every(([, count]) => count <= 1000)).toBe(true)
  })
  it('goes to the last cell and back by keyboard, one row at a time, with the focus told', async () => {
    open()
    await expect.element(page.getByRole('gridcell', { name: '1000', exact: true })).toBeVisible()
    await userEvent.tab()
    const grid = page.getByRole('grid').element()
    expect(document.activeElement).toBe(grid)
    const active = () => document.getElementById(grid.getAttribute('aria-activedescendant') ?? '')?.textContent
    await userEvent.keyboard('{ArrowDown}{ArrowDown}{ArrowRight}')
    expect(active()).toContain('2001')
    await userEvent.keyboard('{Control>}{End}{/Control}')
    await expect.poll(active).toContain('999999499')
    await userEvent.keyboard('{ArrowUp}')
    await expect.poll(active).toContain('999998499')
    await userEvent.keyboard('{Control>}{Home}{/Control}')
    await expect.poll(active).toContain('0')
    expect(grid.getAttribute('aria-activedescendant')).toMatch(/-0-0$/)
  })
  it('chooses rows and columns by Enter, and tells a failure instead of asking for ever', async () => {
    const rows: number[] = []
    const heads: unknown[] = []
    open({ onselectrow: (row: number) => rows.push(row), onselectcolumn: (...args: unknown[]) => heads.push(args) })
    await expect.element(page.getByRole('gridcell', { name: '1000', exact: true })).toBeVisible()
    await userEvent.tab()
    await userEvent.keyboard('{ArrowDown}{Enter}{ArrowUp}{ArrowUp}{ArrowRight}{Shift>}{Enter}{/Shift}')
    expect(rows).toEqual([1])
    expect(heads).toEqual([[1, { extend: true, add: false }]])
    await unmount(mounted.pop() as Record<string, unknown>)
    let tries = 0
    const errors: unknown[] = []
    open({
      load: () => {
        tries++
        return Promise.reject(new Error('gone'))
      },
      onerror: (error: unknown) => errors.push(error),
    })
    await expect.poll(() => errors.length).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(tries).toBe(1)
  })
})

describe('Tabs', () => {
  it('move by arrow keys round the ends, with one tab stop and a labelled panel', async () => {
    const chosen: string[] = []
    show(Tabs, { label: 'Views', value: 'a', tabs: [{ value: 'a', label: 'One' }, { value: 'b', label: 'Two', count: 1234 }, { value: 'c', label: 'Three' }], children: createRawSnippet<[string]>((value) => ({ render: () => `<p>panel ${value()}</p>` })), onchange: (value: string) => chosen.push(value) })
    await userEvent.tab()
    await userEvent.keyboard('{ArrowLeft}')
    expect(chosen).toEqual(['c'])
    await expect.element(page.getByRole('tab', { name: 'Three' })).toHaveFocus()
    await userEvent.keyboard('{ArrowRight}{ArrowRight}{End}{Home}')
    expect(chosen).toEqual(['c', 'a', 'b', 'c', 'a'])
    expect(page.getByRole('tab').elements().map((tab) => (tab as HTMLElement).tabIndex)).toEqual([0, -1, -1])
    await expect.element(page.getByRole('tabpanel', { name: 'One' })).toBeVisible()
  })
})

describe('ParamForm', () => {
  const table: ParamTable = {
    rate: { kind: 'number', default: 0.1, min: 1e-6, max: 10, scale: 'log', label: 'Rate', help: 'How far.' },
    depth: { kind: 'integer', default: 3, min: 1, max: 12, label: 'Depth', help: 'How deep.' },
    early: { kind: 'boolean', default: true, label: 'Early', help: 'Stop.' },
    how: { kind: 'choice', default: 'b', options: [{ value: 'a', label: 'A' }, { value: 'b', label: 'B' }], label: 'How', help: 'Which.', advanced: true },
  }
  it('sends allowed values only, says the rule of the others, and keeps what was typed', async () => {
    const sent: ParamValues[] = []
    const valid: boolean[] = []
    show(ParamForm, { table, values: {}, onchange: (values: ParamValues) => sent.push(values), onvalid: (ok: boolean) => valid.push(ok) })
    const depth = page.getByRole('textbox', { name: 'Depth' })
    await depth.fill('2.5')
    await expect.element(page.getByText('Not a whole number.')).toBeVisible()
    expect(depth.element().getAttribute('aria-invalid')).toBe('true')
    await depth.fill('99')
    await expect.element(page.getByText('Not in [1, 12].')).toBeVisible()
    await userEvent.tab()
    expect((depth.element() as HTMLInputElement).value).toBe('99')
    expect(sent).toEqual([])
    expect(valid.at(-1)).toBe(false)
    await depth.fill('7')
    expect(sent).toEqual([{ depth: 7 }])
    expect(valid.at(-1)).toBe(true)
    await page.getByRole('textbox', { name: 'Rate' }).fill('0,5')
    expect(sent.at(-1)).toEqual({ rate: 0.5 })
    await page.getByRole('checkbox', { name: 'Early' }).click()
    expect(sent.at(-1)).toEqual({ early: false })
    expect(page.getByRole('combobox').elements().length).toBe(0)
    await page.getByText('More').click()
    await page.getByRole('combobox', { name: 'How' }).selectOptions('A')
    expect(sent.at(-1)).toEqual({ how: 'a' })
  })
  it('steps by arrow keys, by factors on a log scale, and stops at the bounds', async () => {
    const sent: ParamValues[] = []
    show(ParamForm, { table, values: { rate: 8, depth: 12 }, onchange: (values: ParamValues) => sent.push(values) })
    ;(page.getByRole('textbox', { name: 'Rate' }).element() as HTMLElement).focus()
    await userEvent.keyboard('{ArrowUp}')
    expect(sent).toEqual([])
    await userEvent.keyboard('{ArrowDown}')
    expect(sent).toEqual([{ rate: 4, depth: 12 }])
    ;(page.getByRole('textbox', { name: 'Depth' }).element() as HTMLElement).focus()
    await userEvent.keyboard('{ArrowUp}')
    expect(sent.length).toBe(1)
  })
})

describe('Dialog and Menu', () => {
  it('a dialog is modal, closes by Escape, and gives the focus back', async () => {
    const button = document.createElement('button')
    button.textContent = 'Before'
    document.body.append(button)
    button.focus()
    let closed = 0
    show(Dialog, { open: true, title: 'Sure?', children: text('<p>Body</p>'), onclose: () => closed++ })
    await expect.element(page.getByRole('dialog', { name: 'Sure?' })).toBeVisible()
    expect(page.getByRole('dialog').element().contains(document.activeElement)).toBe(true)
    await userEvent.keyboard('{Escape}')
    await expect.poll(() => closed).toBe(1)
    expect(page.getByText('Body').elements().length).toBe(0)
    expect(document.activeElement).toBe(button)
  })
  it('a menu opens, skips what is disabled, runs by Enter, and closes by Escape', async () => {
    const did: string[] = []
    const icon = (await import('@lucide/svelte/icons/ellipsis')).default
    show(Menu, { label: 'More', icon, items: [{ label: 'One', onclick: () => did.push('one') }, { label: 'Two', disabled: true, onclick: () => did.push('two') }, { label: 'Three', onclick: () => did.push('three') }] })
    await userEvent.tab()
    await userEvent.keyboard('{Enter}')
    await expect.element(page.getByRole('menuitem', { name: 'One' })).toHaveFocus()
    await userEvent.keyboard('{ArrowDown}')
    await expect.element(page.getByRole('menuitem', { name: 'Three' })).toHaveFocus()
    await userEvent.keyboard('{ArrowDown}{ArrowUp}{Enter}')
    expect(did).toEqual(['three'])
    await expect.element(page.getByRole('button', { name: 'More' })).toHaveFocus()
    await userEvent.keyboard('{Enter}')
    await userEvent.keyboard('{Escape}')
    await expect.poll(() => page.getByRole('menuitem').elements().length).toBe(0)
  })
  it('an error is announced, has the focus, and says what happened, what is safe and what to do', async () => {
    show(ErrorCard, { error: new StudioError({ code: 'storage-full', message: 'missing storage; <b>full</b>', details: { bytesKept: 5 } }), title: 'Not kept', safe: 'All else is safe.' })
    const alert = page.getByRole('alert')
    await expect.element(alert).toHaveFocus()
    await expect.element(alert).toHaveTextContent('Not kept Missing storage; <b>full</b> All else is safe. What you can do: Delete a project you no longer need, or keep fewer rows.')
    expect(alert.element().querySelector('b')).toBeNull()
  })
})

describe('undo and redo of what was decided', () => {
  async function open(store: Store) {
    const { id } = await createProject(store, 'p')
    const notices = new Notices()
    return { notices, project: await ProjectState.open(id, store, (id, options) => openWriter(store, id, options), notices) }
  }
  it('is saved at every step', async () => {
    const store = createMemoryStore()
    const { project } = await open(store)
    const saved = async () => (await projectRecord(store, project.id)).plan.target?.column
    await project.decide({ target: { column: 'a', task: 'binary' } })
    await project.decide({ target: { column: 'b', task: 'binary' } })
    expect([project.canUndo, project.canRedo, await saved()]).toEqual([true, false, 'b'])
    await project.undo()
    expect([project.canUndo, project.canRedo, await saved()]).toEqual([true, true, 'a'])
    await project.undo()
    expect([project.canUndo, project.canRedo, await saved()]).toEqual([false, true, undefined])
    await project.redo()
    expect([project.plan.target?.column, await saved()]).toEqual(['a', 'a'])
    await project.decide({ target: { column: 'c', task: 'binary' } })
    expect([project.canRedo, await saved()]).toEqual([false, 'c'])
    project.close()
  })
  it('a change that could not be saved is not shown, and leaves no step', async () => {
    const memory = createMemoryStore()
    let failing = false
    const store: Store = { ...memory, write: (...args) => (failing ? Promise.reject(new StudioError({ code: 'storage-full', message: 'missing storage; full' })) : memory.write(...args)) }
    const { project, notices } = await open(store)
    await project.decide({ target: { column: 'a', task: 'binary' } })
    failing = true
    await project.decide({ target: { column: 'b', task: 'binary' } })
    expect(project.plan.target?.column).toBe('a')
    expect(notices.list.map((notice) => notice.text)).toEqual(['Not saved: missing storage; full'])
    failing = false
    await project.undo()
    expect([project.plan.target?.column, project.canUndo]).toEqual([undefined, false])
    await project.redo()
    expect([project.plan.target?.column, project.canRedo]).toEqual(['a', false])
    project.close()
  })
})

describe('what cannot be erased', () => {
  /** Refuses to delete the record of this id. */
  const keeping = (memory: Store, kept: () => string): Store => ({
    ...memory,
    write: (names, body, durability) =>
      memory.write(names, (tx) => body({ ...tx, delete: (name, key) => (key === kept() ? Promise.reject(new StudioError({ code: 'storage-lost', message: 'missing storage; stuck' })) : tx.delete(name, key)) }), durability),
  })
  it('of runs stays in the bin and is told; the others are gone', async () => {
    let kept = ''
    const store = keeping(createMemoryStore(), () => kept)
    const { id } = await createProject(store, 'p')
    const notices = new Notices()
    const project = await ProjectState.open(id, store, (id, options) => openWriter(store, id, options), notices)
    const runs: string[] = []
    for (let i = 0; i < 3; i++) runs.push((await createRun(store, { spec: sampleSpec(id, 'd'), token: project.token, dataHash: 'd', environment: sampleEnvironment })).id)
    for (const run of runs) await project.deleteRun(run)
    kept = runs[0] as string
    expect(await project.eraseRuns(runs)).toBe(false)
    expect(project.bin.map((run) => run.id)).toEqual([kept])
    expect(notices.list.at(-1)?.text).toBe('Not erased: missing storage; stuck; 1 of 3 are still there')
    kept = ''
    expect(await project.eraseRuns(project.bin.map((run) => run.id))).toBe(true)
    expect(project.bin).toEqual([])
    project.close()
  })
  it('of projects stays in the bin and is told; the others are gone', async () => {
    let kept = ''
    const store = keeping(createMemoryStore(), () => kept)
    const notices = new Notices()
    const projects = new ProjectsState(store, {} as JobsState, notices)
    for (const name of ['a', 'b', 'c']) await projects.remove(await createProject(store, name))
    const ids = projects.bin.map(({ id }) => id)
    kept = ids[0] as string
    expect(await projects.erase(...ids)).toBe(false)
    expect(projects.bin.map(({ id }) => id)).toEqual([kept])
    expect(notices.list.at(-1)?.text).toBe('Not erased: missing storage; stuck; 1 of 3 are still there')
  })
})
