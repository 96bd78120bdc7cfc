/** Recipe steps in pandas: fitted on the training rows, one call a step, a helper only where it is called. */
import { StudioError } from '../../errors.ts'
import type { PictureShape } from '../../data/matrix.ts'
import { backboneSize } from '../../images/backbone/mobilenet-v2.ts'
import { walkRecipe } from '../../recipe/recipe.ts'
import { pixelNames, type PixelsState } from '../../recipe/image-pixels.ts'
import type { FittedRecipeState, Json, SeriesKind } from '../../recipe/step.ts'
import { checkParams, type ParamValues } from '../../params.ts'
import { steps } from '../../recipe/registry.ts'
import { embeddingHelper, pixelsHelper, resizeHelper } from './pictures.ts'
import { call, py } from './python.ts'

interface Value {
  readonly name: string
  readonly kind: SeriesKind
  /** Numbers that stand for categories: no mean or median fills their holes. */
  readonly coded?: boolean
}
interface TwinStep {
  /** Python of `NAME(frame, names, ...)`, which answers a dictionary: column -> what takes its place. */
  readonly helper: readonly string[]
  readonly name: string
  /** Columns that come out, as the step itself names them. */
  readonly makes: (value: Value, state: Json) => readonly Value[]
}
const as = <T>(state: Json): T => state as unknown as T
const asNumbers = (value: Value): readonly Value[] => [{ ...value, coded: false }]

const twinSteps: ReadonlyMap<string, TwinStep> = new Map<string, TwinStep>([
  [
    'impute',
    {
      name: 'impute',
      makes: (value, state) => (as<{ indicator: boolean }>(state).indicator ? [value, { name: `${value.name} was missing`, kind: 'boolean' }] : [value]),
      helper: [
        'def impute(frame, names, strategy="median", fill_value="0", indicator=False, truths=()):',
        '    made = {}',
        '    for name in names:',
        '        column = frame[name]',
        '        seen = column.iloc[train].dropna()',
        '        if column.dtype == object:',
        '            counts = seen.value_counts()',
        '            fill = fill_value if strategy == "constant" else min(counts.index[counts == counts.max()])',
        '        elif strategy == "constant":',
        '            fill = np.float32(fill_value)',
        '        elif strategy == "most-frequent" or name in truths:',
        '            fill = seen.mode().min()',
        '        else:',
        '            fill = np.float32(seen.astype(np.float64).mean() if strategy == "mean" else seen.astype(np.float64).median())',
        '        made[name] = {name: column.fillna(fill)}',
        '        if indicator:',
        '            made[name][f"{name} was missing"] = column.isna().astype(np.float32)',
        '    return made',
      ],
    },
  ],
  [
    'scale',
    {
      name: 'scale',
      makes: asNumbers,
      helper: [
        'def scale(frame, names, method="standard"):',
        '    made = {}',
        '    for name in names:',
        '        seen = frame[name].iloc[train].dropna().to_numpy(np.float64)',
        '        if method == "standard":',
        '            center, width = seen.mean(), seen.std()',
        '            width = 0 if width <= 1e-7 * abs(center) else width',
        '        else:',
        '            low, middle, high = np.quantile(seen, [0.25, 0.5, 0.75] if method == "robust" else [0, 0, 1])',
        '            center, width = middle if method == "robust" else low, high - low',
        '        made[name] = {name: (frame[name] - np.float32(center)) / (np.float32(width) or np.float32(1))}',
        '    return made',
      ],
    },
  ],
  [
    'clip',
    {
      name: 'clip',
      makes: asNumbers,
      helper: [
        'def clip(frame, names, lower=0.01, upper=0.99):',
        '    made = {}',
        '    for name in names:',
        '        low, high = np.quantile(frame[name].iloc[train].dropna().to_numpy(np.float64), [lower, upper]).astype(np.float32)',
        '        made[name] = {name: frame[name].clip(low, high)}',
        '    return made',
      ],
    },
  ],
  [
    'onehot',
    {
      name: 'onehot',
      makes: (value, state) => {
        const { kept, missingColumn } = as<{ kept: readonly string[]; missingColumn: boolean }>(state)
        return [...kept.map((category) => `${value.name} = ${category}`), `${value.name} is another`, ...(missingColumn ? [`${value.name} is missing`] : [])].map((name) => ({ name, kind: 'boolean' as const }))
      },
      helper: [
        'def onehot(frame, names, min_frequency=0.01, max_categories=50, missing="own"):',
        '    made = {}',
        '    for name in names:',
        '        column, seen = frame[name], frame[name].iloc[train]',
        '        counts = seen.value_counts()',
        '        frequent = sorted(counts.index[counts >= min_frequency * len(seen)], key=lambda c: (-counts[c], c))[:max_categories]',
        '        made[name] = {f"{name} = {c}": (column == c).astype(np.float32) for c in sorted(frequent)}',
        '        made[name][f"{name} is another"] = (column.notna() & ~column.isin(frequent)).astype(np.float32)',
        '        if missing == "own" and seen.isna().any():',
        '            made[name][f"{name} is missing"] = column.isna().astype(np.float32)',
        '    return made',
      ],
    },
  ],
  [
    'ordinal',
    {
      name: 'ordinal',
      makes: (value) => [{ ...value, kind: 'numeric', coded: true }],
      helper: [
        'def ordinal(frame, names, order="alphabetical", unseen="missing"):',
        '    made = {}',
        '    for name in names:',
        '        column, counts = frame[name], frame[name].iloc[train].value_counts()',
        '        known = sorted(counts.index, key=(lambda c: (-counts[c], c)) if order == "frequency" else None)',
        '        codes = column.map({c: i for i, c in enumerate(known)}).astype(np.float32)',
        '        if unseen == "bucket":',
        '            codes = codes.mask(column.notna() & codes.isna(), len(known))',
        '        made[name] = {name: codes}',
        '    return made',
      ],
    },
  ],
  [
    'datetime-parts',
    {
      name: 'datetime_parts',
      makes: (value, state) => as<{ parts: readonly string[] }>(state).parts.map((part) => ({ name: `${value.name} ${part}`, kind: 'numeric' as const })),
      helper: [
        'def datetime_parts(frame, names, year=True, month=True, weekday=True, hour=True):',
        '    chosen = [part for part, wanted in [("year", year), ("month", month), ("weekday", weekday), ("hour", hour)] if wanted]',
        '    return {name: {f"{name} {part}": getattr(frame[name].dt, part).astype(np.float32) for part in chosen} for name in names}',
      ],
    },
  ],
  ['image-embedding', { name: 'image_embedding', makes: ({ name }) => Array.from({ length: backboneSize }, (_, i) => ({ name: `${name}[${i}]`, kind: 'numeric' as const })), helper: embeddingHelper }],
  [
    'image-pixels',
    {
      name: 'image_pixels',
      makes: ({ name }, state) => (as<PixelsState>(state).layout === 'picture' ? [{ name, kind: 'numeric' }] : pixelNames(name, as<PixelsState>(state)).map((own) => ({ name: own, kind: 'numeric' as const }))),
      helper: pixelsHelper,
    },
  ],
  ['drop', { name: 'drop', makes: () => [], helper: ['def drop(frame, names):', '    return {name: {} for name in names}'] }],
])

const picturesOf = (recipe: FittedRecipeState): readonly PixelsState[] =>
  recipe.learnt.flatMap(({ step, series }) => (step === 'image-pixels' ? series.map(({ state }) => as<PixelsState>(state)) : [])).filter(({ layout }) => layout === 'picture')

/** Height, width and channels where the one feature is a picture. */
export function pictureIn(recipe: FittedRecipeState): PictureShape | undefined {
  const [form] = picturesOf(recipe)
  return form && recipe.features.length === 1 ? [form.height, form.width, form.channels] : undefined
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** The call of a step on some columns; undefined where there are none. */
const lineOf = (step: TwinStep, id: string) => (values: readonly Value[], params: ParamValues): string | undefined => {
  if (values.length === 0) return undefined
  const changed = Object.entries(params).filter(([name, value]) => steps.get(id).params[name]?.default !== value)
  const truths = id === 'impute' ? values.filter(({ kind }) => kind === 'boolean').map(({ name }) => name) : []
  const given = Object.fromEntries([...changed.map(([name, value]) => [snake(name), value] as const), ...(truths.length > 0 ? [['truths', truths] as const] : [])])
  const rest = call('', given).slice(1, -1)
  return `frame = replace(frame, ${step.name}(frame, ${py(values.map(({ name }) => name))}${rest === '' ? '' : `, ${rest}`}))`
}

/** @throws StudioError unsupported for a step without such a form */
export function recipeCell(recipe: FittedRecipeState): string[] {
  const touched = recipe.learnt.map((): Value[] => [])
  walkRecipe(
    recipe,
    recipe.inputs.map(({ name, kind }): Value => ({ name, kind })),
    (step, value, state, place) => {
      touched[place]?.push(value)
      return twinStep(step).makes(value, state)
    },
  )
  const used = recipe.learnt.map(({ step }, place) => ({ step: twinStep(step), id: step, place, values: touched[place] ?? [] })).filter(({ values }) => values.length > 0)
  const helpers = [...new Set(used.map(({ step }) => step))]
  const calls = used.flatMap(({ step, id, place, values: all }) => {
    const params: ParamValues = checkParams(id, steps.get(id).params, recipe.spec.steps[place]?.params ?? {})
    const averages = id === 'impute' && (params['strategy'] === 'mean' || params['strategy'] === 'median')
    const coded = averages ? all.filter((value) => value.coded) : []
    const line = lineOf(step, id)
    return [line(all.filter((value) => !coded.includes(value)), params), line(coded, { ...params, strategy: 'most-frequent' })].flatMap((text) => text ?? [])
  })
  return [
    '# Every step learns from the training rows alone; numbers are float32, as in the studio.',
    'def replace(frame, made):',
    '    """What was made takes the place of the column that it comes from; a name that is taken gets a number."""',
    '    taken = {name for name in frame if name not in made}',
    '    columns = {}',
    '    for name in frame:',
    '        for new, values in (made[name] if name in made else {name: frame[name]}).items():',
    '            own, i = new, 2',
    '            while name in made and own in taken:',
    '                own, i = f"{new} ({i})", i + 1',
    '            taken.add(own)',
    '            columns[own] = values',
    '    return pd.DataFrame(columns, index=frame.index)',
    '',
    ...(helpers.some(({ name }) => name.startsWith('image_')) ? ['', ...resizeHelper, ''] : []),
    ...helpers.flatMap(({ helper }) => ['', ...helper, '']),
    '',
    `INPUTS = ${py(recipe.inputs.map(({ name }) => name))}`,
    'frame = frame[INPUTS].apply(lambda column: column.astype(np.float32) if column.dtype == np.float64 else column)',
    ...calls,
    `FEATURES = ${py(recipe.features.map(({ name }) => name))}`,
    'absent = sorted(set(FEATURES) - set(frame))',
    'if absent:',
    '    raise SystemExit(f"{len(absent)} features of the run do not come out of the recipe here, such as {absent[0]}: the file was read in another way than in the studio")',
    pictureIn(recipe) ? 'X = np.stack(frame[FEATURES[0]].to_list())' : 'X = frame[FEATURES].to_numpy(np.float32)',
  ]
}

function twinStep(id: string): TwinStep {
  const step = twinSteps.get(id)
  if (step) return step
  throw new StudioError({ code: 'unsupported', message: `unsupported step; a twin is written for ${[...twinSteps.keys()].join(', ')}: ${id}` })
}
