/** The open project: what is stored, what a person decided so far (with undo), and whether we may write. */
import { asStudioError, StudioError } from '../core/errors.ts'
import type { Profile } from '../core/data/profile.ts'
import type { Slice } from '../core/evaluate/slice.ts'
import type { Run } from '../core/run/run.ts'
import type { IngestChoices } from '../core/ingest/options.ts'
import type { IngestSource } from '../jobs/protocol.ts'
import { deleteDataset } from '../storage/datasets.ts'
import { eraseEach } from '../storage/erase-each.ts'
import type { Store } from '../storage/port.ts'
import type { WrittenParts } from '../core/bundle/card.ts'
import { changeProject } from '../storage/projects.ts'
import type { DatasetRecord, ProjectPlan, ProjectRecord } from '../storage/records.ts'
import { deleteRun, eraseRun, failRun, restoreRun, updateRun } from '../storage/runs.ts'
import { History } from './history.ts'
import type { Notices } from './notices.svelte.ts'

/** The right to write to one project; lost when another tab takes it over. */
export interface Writer {
  readonly token: number
  release(): void
}
/** How the right to write is had; storage/ brings the real one. */
export type OpenWriter = (projectId: string, options: { readonly steal: boolean; readonly onLost: () => void }) => Promise<Writer | null>

export class ProjectState {
  readonly id: string
  readonly #store: Store
  readonly #openWriter: OpenWriter
  readonly #notices: Notices
  #record = $state.raw<ProjectRecord>() as ProjectRecord
  #dataset = $state.raw<DatasetRecord | null>(null)
  #unfinished = $state.raw<readonly DatasetRecord[]>([])
  #profile = $state.raw<Profile | null>(null)
  #runs = $state.raw<readonly Run[]>([])
  #bin = $state.raw<readonly Run[]>([])
  #writer = $state.raw<Writer | null>(null)
  #diskFull = $state(false)
  #claim: ReturnType<typeof setInterval> | undefined
  #closed = false
  /** What was read last in this visit, and how, so that it can be read again. */
  #remembered = $state.raw<{ readonly source: IngestSource; readonly choices: IngestChoices } | undefined>(undefined)
  readonly #history: History<ProjectPlan>
  #steps = $state.raw({ canUndo: false, canRedo: false })

  private constructor(record: ProjectRecord, store: Store, openWriter: OpenWriter, notices: Notices) {
    this.id = record.id
    this.#record = record
    this.#store = store
    this.#openWriter = openWriter
    this.#notices = notices
    this.#history = new History(record.plan)
  }

  /** @throws StudioError bad-data where there is no such project */
  static async open(id: string, store: Store, openWriter: OpenWriter, notices: Notices): Promise<ProjectState> {
    const record = await store.read(['projects'], (tx) => tx.get('projects', id))
    if (!record || record.deletedAt !== null) {
      throw new StudioError({ code: 'bad-data', message: `missing project; it was deleted or never was on this device: ${id.slice(0, 80)}`, hint: 'Go back to the list of projects.' })
    }
    const project = new ProjectState(record, store, openWriter, notices)
    await project.#becomeWriter(false)
    if (project.readOnly && !project.#diskFull) project.#waitForWriter()
    await project.refresh()
    return project
  }

  get record(): ProjectRecord {
    return this.#record
  }
  get plan(): ProjectPlan {
    return this.#record.plan
  }
  get slices(): readonly Slice[] {
    return this.#record.slices
  }
  /** The dataset the plan names; null until there is one. */
  get dataset(): DatasetRecord | null {
    return this.#dataset
  }
  /** What a row of the data is to whoever looks at it. */
  get noun(): 'row' | 'picture' {
    return this.#dataset?.columns.some(({ kind }) => kind === 'image') ? 'picture' : 'row'
  }
  get profile(): Profile | null {
    return this.#profile
  }
  /** Imports that were stopped or broken off. */
  get unfinished(): readonly DatasetRecord[] {
    return this.#unfinished
  }
  /** Not deleted, in order of creation. */
  get runs(): readonly Run[] {
    return this.#runs
  }
  /** Deleted runs, the latest first. */
  get bin(): readonly Run[] {
    return this.#bin
  }
  get hasModel(): boolean {
    return this.#runs.some((run) => run.status === 'succeeded')
  }
  get readOnly(): boolean {
    return this.#writer === null
  }
  /** Why nothing can be changed here: another tab writes, or the disk has no room even for the mark of a writer. */
  get readOnlyBecause(): 'another-tab' | 'disk-full' {
    return this.#diskFull ? 'disk-full' : 'another-tab'
  }
  get canUndo(): boolean {
    return this.#steps.canUndo
  }
  get canRedo(): boolean {
    return this.#steps.canRedo
  }
  /** What every task that writes is given. @throws StudioError read-only */
  get token(): number {
    if (this.#writer) return this.#writer.token
    throw new StudioError({ code: 'read-only', message: 'unsupported change; this project is open for writing in another tab' })
  }

  /** Reads again what workers and other tabs may have changed. */
  async refresh(): Promise<void> {
    await this.#store.read(['projects', 'datasets', 'profiles', 'runs'], async (tx) => {
      const record = await tx.get('projects', this.id)
      const datasets = await tx.getAllOfProject('datasets', this.id)
      const runs = await tx.getAllOfProject('runs', this.id)
      const dataset = datasets.find((candidate) => candidate.id === record?.plan.datasetId) ?? null
      // A damaged profile costs the profile, not the project; the store has told of it.
      const profile = dataset ? await tx.get('profiles', dataset.id).then((found) => found?.profile ?? null, () => null) : null
      if (record) this.#adopt(record)
      this.#dataset = dataset
      this.#unfinished = datasets.filter((candidate) => candidate.state !== 'complete')
      this.#profile = profile
      this.#runs = runs
        .filter((entry) => entry.deletedAt === null)
        .map((entry) => entry.run)
        .sort((a, b) => a.sequence - b.sequence)
      this.#bin = runs
        .filter((entry) => entry.deletedAt !== null)
        .sort((a, b) => (b.deletedAt ?? 0) - (a.deletedAt ?? 0))
        .map((entry) => entry.run)
    })
  }

  /**
   * One step of a person's decisions; it can be undone.
   * @param edit what the change is part of: the keys of one typed number are one step
   */
  decide(change: Partial<ProjectPlan>, edit?: unknown): Promise<void> {
    return this.#savePlan(() => this.#history.push({ ...this.plan, ...change }, edit))
  }
  /** Changes the plan without a step to undo: for what follows from something that has an undo of its own. */
  async adjust(change: Partial<ProjectPlan>): Promise<void> {
    const before = this.plan.datasetId
    if (await this.#change((record) => ({ ...record, plan: { ...record.plan, ...change } })) && this.plan.datasetId !== before) await this.refresh()
  }
  async undo(): Promise<void> {
    if (this.canUndo) await this.#savePlan(() => this.#history.undo())
  }
  async redo(): Promise<void> {
    if (this.canRedo) await this.#savePlan(() => this.#history.redo())
  }

  get remembered(): { readonly source: IngestSource; readonly choices: IngestChoices } | undefined {
    return this.#remembered
  }
  remember(source: IngestSource, choices: IngestChoices): void {
    this.#remembered = { source, choices }
  }
  /** Takes a dataset into the plan; what the plan says of columns that are gone is dropped. */
  async useDataset(datasetId: string): Promise<void> {
    const found = await this.#store.read(['datasets'], (tx) => tx.get('datasets', datasetId))
    await this.refresh()
    if (!found) return
    const has = (name: string) => found.columns.some((column) => column.name === name)
    const { target, split, recipe } = this.plan
    const splitColumn = split && 'column' in split.strategy ? split.strategy.column : undefined
    await this.decide({
      datasetId,
      target: target && has(target.column) ? target : null,
      split: splitColumn === undefined || has(splitColumn) ? split : null,
      recipe: recipe && { ...recipe, excluded: recipe.excluded.filter(has) },
    })
    await this.refresh()
  }
  /** Throws away an import that never finished. */
  async discardDataset(id: string): Promise<void> {
    await this.#andRefresh(() => deleteDataset(this.#store, id, this.token))
  }

  /** Erases a run and the data that were made for it alone. */
  async discardRun(runId: string, datasetId: string): Promise<boolean> {
    return this.#andRefresh(async () => {
      await eraseRun(this.#store, runId, this.token)
      await deleteDataset(this.#store, datasetId, this.token)
    })
  }

  async addSlice(slice: Slice): Promise<void> {
    await this.#change((record) => ({ ...record, slices: [...record.slices.filter((old) => old.id !== slice.id), slice] }))
  }
  async renameSlice(id: string, name: string): Promise<void> {
    await this.#change((record) => ({ ...record, slices: record.slices.map((slice) => (slice.id === id ? { ...slice, name } : slice)) }))
  }
  async removeSlice(id: string): Promise<void> {
    const gone = this.slices.find((slice) => slice.id === id)
    await this.#change((record) => ({ ...record, slices: record.slices.filter((slice) => slice.id !== id) }))
    if (gone) this.#notices.say(`Deleted slice “${gone.name}”`, { action: { label: 'Undo', run: () => void this.addSlice(gone) } })
  }
  /** Keeps what was written for the model card. */
  async writeCard(card: WrittenParts): Promise<void> {
    await this.#change((record) => ({ ...record, card }))
  }
  async rename(name: string): Promise<void> {
    await this.#change((record) => ({ ...record, name }))
  }

  /** Changes what a person may change of a run: its name and notes. */
  async editRun(id: string, change: { readonly name?: string; readonly notes?: string }): Promise<boolean> {
    return this.#andRefresh(() => updateRun(this.#store, id, this.token, change))
  }
  /** Says of a run how it ended where its worker no longer could. */
  async settleRun(id: string, error: StudioError): Promise<void> {
    await this.refresh()
    if (this.readOnly || this.runs.find((run) => run.id === id)?.status !== 'running') return
    await this.#andRefresh(() => failRun(this.#store, id, this.token, error))
  }
  /** Puts a run into the bin, with a way back. */
  async deleteRun(id: string): Promise<void> {
    const run = this.runs.find((candidate) => candidate.id === id)
    const gone = await this.#andRefresh(() => deleteRun(this.#store, id, this.token))
    if (gone && run) this.#notices.say(`Deleted “${run.name}”`, { action: { label: 'Undo', run: () => void this.restoreRun(id) } })
  }
  restoreRun(id: string): Promise<boolean> {
    return this.#andRefresh(() => restoreRun(this.#store, id, this.token))
  }
  /** For good, with models and predictions. */
  eraseRuns(ids: readonly string[]): Promise<boolean> {
    // Those that are gone go from the list even where one is left.
    return this.#guard(() => eraseEach(ids, (id) => eraseRun(this.#store, id, this.token)).finally(() => this.refresh()), 'Not erased')
  }

  /** Takes the right to write from the other tab. */
  async takeOver(): Promise<void> {
    clearInterval(this.#claim)
    await this.#becomeWriter(true)
    // It may have been left meanwhile.
    if (this.#closed) this.close()
    else await this.refresh()
  }
  close(): void {
    clearInterval(this.#claim)
    this.#closed = true
    this.#writer?.release()
    this.#writer = null
  }

  /**
   * The other tab may be closed at any time, or may be gone already: a browser frees the lock of a tab that
   * crashed a moment later.
   */
  #waitForWriter(): void {
    let asking = false
    this.#claim = setInterval(() => {
      if (asking || this.#writer) return
      asking = true
      void this.#becomeWriter(false)
        .then(async () => {
          if (!this.#writer) return
          clearInterval(this.#claim)
          if (this.#closed) this.close()
          else await this.refresh()
        })
        // Storage that fails here is said by the next thing a person does.
        .catch(() => {})
        .finally(() => (asking = false))
    }, 1000)
  }

  async #becomeWriter(steal: boolean): Promise<void> {
    this.#diskFull = false
    try {
      this.#writer = await this.#openWriter(this.id, { steal, onLost: () => (this.#writer = null) })
    } catch (error) {
      // A full disk must not lock people out of what they have: it opens for reading.
      if (asStudioError(error).code !== 'storage-full') throw error
      this.#diskFull = true
    }
  }

  #adopt(record: ProjectRecord): void {
    this.#record = record
    if (JSON.stringify(record.plan) !== JSON.stringify(this.#history.present)) this.#history.replace(record.plan)
    this.#steps = { canUndo: this.#history.canUndo, canRedo: this.#history.canRedo }
  }

  /** Takes a step in the history and saves where it leads; what could not be saved did not happen. */
  async #savePlan(step: () => unknown): Promise<void> {
    const back = this.#history.mark()
    const before = this.#record.plan
    step()
    // Pictures have an undo of their own: a step back here leads to the pictures as they are.
    const plan: ProjectPlan = before.pictures ? { ...this.#history.present, datasetId: before.datasetId, pictures: before.pictures } : this.#history.present
    this.#adopt({ ...this.#record, plan })
    const saved = await this.#change((record) => ({ ...record, plan }))
    if (!saved) {
      back()
      this.#adopt({ ...this.#record, plan: before })
    }
    if (saved && plan.datasetId !== before.datasetId) await this.refresh()
  }

  #change(edit: (record: ProjectRecord) => ProjectRecord): Promise<boolean> {
    return this.#guard(async () => this.#adopt(await changeProject(this.#store, this.id, this.token, edit)))
  }

  #andRefresh(write: () => Promise<unknown>): Promise<boolean> {
    return this.#guard(async () => {
      await write()
      await this.refresh()
    })
  }

  /** A failed write is said aloud, and answers false; nothing on screen claims to be saved that is not. */
  async #guard(body: () => Promise<void>, failure = 'Not saved'): Promise<boolean> {
    try {
      await body()
      return true
    } catch (error) {
      const known = asStudioError(error)
      if (known.code === 'read-only') this.#writer = null
      this.#notices.say(`${failure}: ${known.message}${known.hint ? ` ${known.hint}` : ''}`, { life: 20_000 })
      return false
    }
  }
}
