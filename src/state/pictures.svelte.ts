/**
 * The pictures of a project: what is there, in which class, and every change with its way back. Changes
 * are stored at once; a moment after the last one they become the project's dataset.
 */
import { defaultSplit } from '../core/data/default-split.ts'
import type { SplitSpec } from '../core/data/split.ts'
import type { TargetSpec } from '../core/data/target.ts'
import { asStudioError } from '../core/errors.ts'
import { freshId } from '../core/ids.ts'
import type { PictureSource } from '../core/images/header.ts'
import { inPartWords, type PictureInPart } from '../core/images/in-part.ts'
import { tidyClass } from '../core/images/labels.ts'
import { copiesColumn, keepsCopies } from '../core/images/quality.ts'
import type { AskedPicture, PictureFile, PictureReport, SkippedPicture } from '../jobs/protocol.ts'
import { listPictures, pictureBlob, picturesInUse, putPictures, sweepPictures } from '../storage/pictures.ts'
import type { Store } from '../storage/port.ts'
import type { PictureRecord } from '../storage/records.ts'
import type { Job } from './job.svelte.ts'
import type { JobsState } from './jobs.svelte.ts'
import type { Notices } from './notices.svelte.ts'
import type { ProjectState } from './project.svelte.ts'
import { Thumbnails } from './thumbnails.ts'

/** Milliseconds after the last change until the dataset is made anew. */
const calm = 1200
const undoSteps = 100

/** A picture that is none of the project's and is asked about all the same. */
export interface Visitor {
  readonly id: string
  readonly name: string
  readonly file: Blob
}

interface Step {
  readonly before: readonly PictureRecord[]
  readonly after: readonly PictureRecord[]
  readonly classesBefore: readonly string[]
  readonly classesAfter: readonly string[]
}

export class PicturesState {
  readonly #project: ProjectState
  readonly #store: Store
  readonly #jobs: JobsState
  readonly #notices: Notices
  readonly thumbnails: Thumbnails
  /** Asked about instead of a picture of the data. */
  visitor = $state.raw<Visitor | undefined>(undefined)
  #all = $state.raw<ReadonlyMap<string, PictureRecord>>(new Map())
  #loaded = $state(false)
  #skipped = $state.raw<readonly SkippedPicture[]>([])
  #skippedCount = $state(0)
  #inPart = $state.raw<readonly PictureInPart[]>([])
  #report = $state.raw<PictureReport | undefined>(undefined)
  #job = $state.raw<Job | undefined>(undefined)
  #problem = $state.raw<unknown>(undefined)
  #past = $state.raw<readonly Step[]>([])
  #future = $state.raw<readonly Step[]>([])
  /** The newest run when the report was made. */
  #doubtsOf: string | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #committing: Promise<void> = Promise.resolve()
  #captures: Promise<void> = Promise.resolve()
  readonly #live = $derived([...this.#all.values()].filter((picture) => picture.deletedAt === null))
  readonly #classes = $derived.by(() => {
    const planned = this.#project.plan.pictures?.classes ?? []
    return [...new Set([...planned, ...this.#live.flatMap(({ label }) => (label === null ? [] : [label]))])]
  })

  constructor(project: ProjectState, store: Store, jobs: JobsState, notices: Notices) {
    this.#project = project
    this.#store = store
    this.#jobs = jobs
    this.#notices = notices
    this.thumbnails = new Thumbnails(store, project.id)
  }

  get loaded(): boolean {
    return this.#loaded
  }
  /** In the order they came. */
  get list(): readonly PictureRecord[] {
    return this.#live
  }
  get classes(): readonly string[] {
    return this.#classes
  }
  byId(id: string): PictureRecord | undefined {
    return this.#all.get(id)
  }
  /** Of the last import that passed files over. */
  get skipped(): readonly SkippedPicture[] {
    return this.#skipped
  }
  get skippedCount(): number {
    return this.#skippedCount
  }
  /** Of the last files: added with less than they hold. */
  get inPart(): readonly PictureInPart[] {
    return this.#inPart
  }
  get report(): PictureReport | undefined {
    return this.#report
  }
  /** The import under way. */
  get job(): Job | undefined {
    return this.#job?.active ? this.#job : undefined
  }
  get problem(): unknown {
    return this.#problem
  }
  get canUndo(): boolean {
    return this.#past.length > 0
  }
  get canRedo(): boolean {
    return this.#future.length > 0
  }

  /** Its doubts about labels are part of the report. */
  get #newestRun(): string | undefined {
    return this.#project.runs.findLast(({ status }) => status === 'succeeded')?.id
  }

  /**
   * Reads what is stored, and looks at it anew where a run has ended since. The first time it also empties the bin: its
   * undo went with the visit that filled it.
   */
  async load(): Promise<void> {
    const first = !this.#loaded
    const records = await listPictures(this.#store, this.#project.id)
    this.#all = new Map(records.map((record) => [record.id, record]))
    this.#loaded = true
    if (this.#project.readOnly || (!first && this.#newestRun === this.#doubtsOf)) return
    if (first && records.some((record) => record.deletedAt !== null)) await this.#sweep().catch(() => {})
    this.#schedule(0)
  }

  /**
   * Files become pictures. @param label the class of all; absent: folders and tables of labels say it
   * @returns ids of what was added
   */
  async add(files: readonly PictureFile[], source: PictureSource, label?: string | null): Promise<readonly string[]> {
    if (files.length === 0) return []
    this.#problem = undefined
    clearTimeout(this.#timer)
    try {
      const { job, output } = this.#jobs.start('pictures/add', { projectId: this.#project.id, token: this.#project.token, files, source, ...(label === undefined ? {} : { label }) }, { label: `Add ${files.length === 1 ? (files[0] as PictureFile).path.slice(0, 60) : 'pictures'}`, subject: this.#project.id, canStop: true })
      this.#job = job
      const watch = setInterval(() => void this.load().catch(() => {}), 1500)
      const result = await output.finally(() => clearInterval(watch))
      this.#skipped = result.skipped
      this.#skippedCount = result.skippedCount
      this.#inPart = result.inPart
      await this.load()
      await this.#saveClasses([...new Set([...this.classes, ...result.classes])])
      this.#remember(result.ids)
      const words = [`Added ${result.added.toLocaleString()} picture${result.added === 1 ? '' : 's'}`, ...(result.skippedCount > 0 ? [`${result.skippedCount.toLocaleString()} file${result.skippedCount === 1 ? ' was' : 's were'} not added`] : [])]
      const less = inPartWords(result.inPart)
      this.#notices.say(less === '' ? words.join('; ') : `${words.join('; ')}. ${less}.`)
      return result.ids
    } catch (error) {
      await this.load().catch(() => {})
      if (asStudioError(error).code !== 'cancelled') this.#problem = error
      return []
    } finally {
      this.#job = undefined
      this.#schedule()
    }
  }

  /** Frames of a camera or a sketch: in order, without a place in the jobs bar. @throws StudioError */
  capture(files: readonly PictureFile[], source: 'camera' | 'sketch', label: string): Promise<void> {
    const mine = this.#captures.then(async () => {
      clearTimeout(this.#timer)
      const result = await this.#jobs.ask('pictures/add', { projectId: this.#project.id, token: this.#project.token, files, source, label })
      await this.load()
      this.#remember(result.ids)
      this.#schedule()
    })
    this.#captures = mine.catch(() => {})
    return mine
  }

  relabel(ids: readonly string[], label: string | null): Promise<boolean> {
    const name = label === null ? null : tidyClass(label)
    return this.#do(
      this.#records(ids).filter((record) => record.label !== name),
      (record) => ({ ...record, label: name }),
    )
  }
  async remove(ids: readonly string[]): Promise<void> {
    const gone = this.#records(ids)
    const now = Date.now()
    if (gone.length > 0 && (await this.#do(gone, (record) => ({ ...record, deletedAt: now })))) this.#offerUndo(`Deleted ${gone.length.toLocaleString()} picture${gone.length === 1 ? '' : 's'}`)
  }
  /** @returns why not, as a sentence */
  async addClass(wish: string): Promise<string | undefined> {
    const name = tidyClass(wish)
    if (name === '') return 'A class needs a name.'
    if (this.classes.includes(name)) return 'There is a class of this name already.'
    await this.#do([], (record) => record, [...this.classes, name])
    return undefined
  }
  /** Into an existing name: both become one class. */
  async renameClass(from: string, wish: string): Promise<void> {
    const to = tidyClass(wish)
    if (to === '' || to === from) return
    const classes = [...new Set(this.classes.map((name) => (name === from ? to : name)))]
    const merged = this.classes.includes(to)
    const done = await this.#do(this.list.filter(({ label }) => label === from), (record) => ({ ...record, label: to }), classes)
    if (done && merged) this.#offerUndo(`“${from}” is now part of “${to}”`)
  }
  /** With its pictures. */
  async removeClass(name: string): Promise<void> {
    const now = Date.now()
    if (await this.#do(this.list.filter(({ label }) => label === name), (record) => ({ ...record, deletedAt: now }), this.classes.filter((other) => other !== name))) this.#offerUndo(`Deleted the class “${name}”`)
  }

  async undo(): Promise<void> {
    const step = this.#past.at(-1)
    if (step && (await this.#write(step.before, step.classesBefore))) {
      this.#past = this.#past.slice(0, -1)
      this.#future = [...this.#future, step]
    }
  }
  async redo(): Promise<void> {
    const step = this.#future.at(-1)
    if (step && (await this.#write(step.after, step.classesAfter))) {
      this.#future = this.#future.slice(0, -1)
      this.#past = [...this.#past, step]
    }
  }

  /** Whether most pictures stand on black, by a dozen of them: a sketch should then, too. */
  areDark(): Promise<boolean> {
    const every = Math.max(1, Math.ceil(this.list.length / 12))
    return this.thumbnails.areDark(this.list.filter((_, i) => i % every === 0).map(({ hash }) => hash))
  }
  /** The whole picture, for a closer look; the caller gives the address back. */
  async original(hash: string): Promise<string> {
    const { bytes, type } = await pictureBlob(this.#store, this.#project.id, hash)
    return URL.createObjectURL(new Blob([bytes], { type }))
  }

  /** What a question is about: the visitor where there is one, else a row of the data. */
  asked(row: number | undefined): AskedPicture | undefined {
    const { visitor } = this
    return visitor ? { id: visitor.id, file: visitor.file } : row === undefined ? undefined : { row }
  }
  /** A new picture to ask models about; it is not added. */
  invite({ file, path }: PictureFile): void {
    this.visitor = { id: freshId('visitor'), name: path, file }
  }

  /** Makes the dataset now: before one goes on to train. */
  settle(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#committing = this.#committing.then(() => this.#commit()).catch((error: unknown) => {
      const { code } = asStudioError(error)
      if (code !== 'cancelled' && code !== 'read-only') this.#problem = error
    })
    return this.#committing
  }

  #records(ids: readonly string[]): PictureRecord[] {
    return ids.flatMap((id) => this.#all.get(id) ?? [])
  }

  /** What was added can be taken back like any other change. */
  #remember(ids: readonly string[]): void {
    const after = this.#records(ids)
    if (after.length === 0) return
    const now = Date.now()
    const classes = this.classes
    this.#push({ before: after.map((record) => ({ ...record, deletedAt: now })), after, classesBefore: classes, classesAfter: classes })
  }
  #push(step: Step): void {
    this.#past = [...this.#past.slice(1 - undoSteps), step]
    this.#future = []
  }

  async #do(records: readonly PictureRecord[], edit: (record: PictureRecord) => PictureRecord, classesAfter: readonly string[] = this.classes): Promise<boolean> {
    const classesBefore = this.classes
    if (records.length === 0 && classesAfter === classesBefore) return true
    const step: Step = { before: records, after: records.map(edit), classesBefore, classesAfter }
    if (!(await this.#write(step.after, classesAfter))) return false
    this.#push(step)
    return true
  }

  async #write(records: readonly PictureRecord[], classes: readonly string[]): Promise<boolean> {
    clearTimeout(this.#timer)
    try {
      if (records.length > 0) await putPictures(this.#store, this.#project.id, this.#project.token, records)
      const next = new Map(this.#all)
      for (const record of records) next.set(record.id, record)
      this.#all = next
      await this.#saveClasses(classes)
      this.#schedule()
      return true
    } catch (error) {
      const known = asStudioError(error)
      this.#notices.say(`Not saved: ${known.message}${known.hint ? ` ${known.hint}` : ''}`, { life: 20_000 })
      return false
    }
  }

  async #saveClasses(classes: readonly string[]): Promise<void> {
    if (JSON.stringify(this.#project.plan.pictures?.classes) !== JSON.stringify(classes)) await this.#project.adjust({ pictures: { classes } })
  }

  #offerUndo(text: string): void {
    const step = this.#past.at(-1)
    this.#notices.say(text, { action: { label: 'Undo', run: () => void (this.#past.at(-1) === step && this.undo()) } })
  }

  #schedule(wait = calm): void {
    clearTimeout(this.#timer)
    if (!this.#project.readOnly) this.#timer = setTimeout(() => void this.settle(), wait)
  }

  async #commit(): Promise<void> {
    const project = this.#project
    if (project.readOnly || this.job) return
    const { datasetId, copies } = await this.#jobs.ask('pictures/commit', { projectId: project.id, token: project.token, name: project.record.name })
    const counts = new Set(this.list.flatMap(({ label }) => (label === null ? [] : [label])))
    const task = counts.size === 2 ? 'binary' : 'multiclass'
    const old = project.plan.target
    const target: TargetSpec | null = datasetId === null || counts.size < 2 ? null : old?.task === task && (old.positive === undefined || counts.has(old.positive)) ? old : { column: 'label', task }
    const chosen = project.plan.split
    const split = chosen && (copies || !keepsCopies(chosen)) ? chosen : target && defaultSplit(target)
    if (datasetId !== project.plan.datasetId || JSON.stringify(target) !== JSON.stringify(old) || split !== project.plan.split) await project.adjust({ datasetId, target, split })
    this.#doubtsOf = this.#newestRun
    this.#report = await this.#jobs.ask('pictures/quality', { projectId: project.id, datasetId, target, split })
  }

  /** Splits by groups of copies from now on. */
  async keepCopiesTogether(): Promise<void> {
    const { target, split, datasetId } = this.#project.plan
    if (!target || !split || !datasetId) return
    const together: SplitSpec = { ...split, strategy: { kind: 'grouped', column: copiesColumn } }
    await this.#project.adjust({ split: together })
    this.#report = await this.#jobs.ask('pictures/quality', { projectId: this.#project.id, datasetId, target, split: together })
  }

  async #sweep(): Promise<void> {
    const needed = await picturesInUse(this.#store, this.#project.id)
    await sweepPictures(this.#store, this.#project.id, this.#project.token, needed)
  }
}
