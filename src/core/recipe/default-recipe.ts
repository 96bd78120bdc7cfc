/** The recipe that an estimator gets when nobody chose one: what its tags ask for, nothing more. */
import type { ColumnInfo } from '../data/dataset.ts'
import type { Profile } from '../data/profile.ts'
import type { EstimatorTags } from '../estimators/estimator.ts'
import type { RecipeSpec, SeriesKind, StepSpec } from './step.ts'

/** The hour of a day and the day of a time of day are the same in every row. */
const sayingParts = { day: { hour: false }, time: { year: false, month: false, weekday: false }, moment: {} } as const
function momentOf(layout: string | undefined): keyof typeof sayingParts {
  if (layout?.startsWith('HH')) return 'time'
  return layout === undefined || /h|epoch/i.test(layout) ? 'moment' : 'day'
}

/** Kinds that a model reads where nothing else is done about them. Text and identifiers stay out by themselves. */
const readable: readonly SeriesKind[] = ['numeric', 'boolean', 'categorical', 'datetime', 'image']

/** Columns that only count or name the rows: a model could learn them by heart, and new rows have new ones. None where nothing else is left. */
export function rowNames(profile: Pick<Profile, 'columns'>, target: string): readonly string[] {
  const able = profile.columns.filter(({ name, kind }) => name !== target && readable.includes(kind))
  const names = able.filter(({ warnings }) => warnings.some(({ code }) => code === 'id-like')).map(({ name }) => name)
  return names.length < able.length ? names : []
}

/** @param profile of the columns, where it is at hand: then those that only count or name the rows are left out */
export function defaultRecipe(tags: EstimatorTags, columns: readonly ColumnInfo[], target: string, profile?: Pick<Profile, 'columns'> | null): RecipeSpec {
  const excluded = profile ? rowNames(profile, target) : []
  const unused = new Set(excluded)
  const features = columns.filter((column) => column.name !== target && !unused.has(column.name))
  const has = (kind: SeriesKind) => features.some((column) => column.kind === kind)
  const steps: StepSpec[] = []
  const add = (step: string, kinds: readonly SeriesKind[], params: StepSpec['params'] = {}) => steps.push({ id: `step-${steps.length + 1}`, step, columns: { by: 'kind', kinds }, params })
  if (has('image')) tags.takesPictures ? add('image-pixels', ['image'], { size: 28 }) : add('image-embedding', ['image'])
  // A network for pictures takes nothing else.
  if (tags.takesPictures) return { version: 1, steps, excluded: [...excluded, ...features.filter(({ kind }) => kind !== 'image' && kind !== 'id' && kind !== 'text').map(({ name }) => name)] }
  const moments = (['day', 'time', 'moment'] as const)
    .map((kind) => ({ kind, names: features.filter((column) => column.kind === 'datetime' && momentOf(column.layout) === kind).map(({ name }) => name) }))
    .filter(({ names }) => names.length > 0)
  for (const { kind, names } of moments) {
    if (moments.length === 1) add('datetime-parts', ['datetime'], sayingParts[kind])
    else steps.push({ id: `step-${steps.length + 1}`, step: 'datetime-parts', columns: { by: 'name', names }, params: sayingParts[kind] })
  }
  const numbers = has('numeric') || has('datetime') || has('image')
  if (!tags.acceptsMissing) {
    if (has('numeric') || has('datetime')) add('impute', ['numeric'], { strategy: 'median' })
    if (has('boolean')) add('impute', ['boolean'], { strategy: 'most-frequent' })
  }
  // Left at 0 and 1, a boolean would weigh less in a distance or under a penalty than the numbers beside it.
  const scaled: SeriesKind[] = [...(numbers ? (['numeric'] as const) : []), ...(has('boolean') ? (['boolean'] as const) : [])]
  if (tags.wantsScaled && scaled.length > 0) add('scale', scaled)
  if (tags.wantsNonNegative && numbers) add('scale', ['numeric'], { method: 'min-max' })
  if (has('categorical')) add(tags.acceptsCategories ? 'ordinal' : 'onehot', ['categorical'])
  return { version: 1, steps, excluded }
}
