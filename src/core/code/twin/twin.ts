/**
 * The code twin of a run: the same file, the same rows, the same recipe and the same estimator as a Python script, a
 * notebook and a TypeScript program, so that nobody has to believe the studio. It judges validation rows only: the test
 * part stays sealed.
 */
import { StudioError } from '../../errors.ts'
import { estimators } from '../../estimators/registry.ts'
import { checkParams } from '../../params.ts'
import type { FittedRecipeState } from '../../recipe/step.ts'
import { asOneTraining } from '../../run/continue-from.ts'
import type { Run } from '../../run/run.ts'
import { inComment } from '../text.ts'
import { elsewhereTolerance, elsewhereTwin } from './elsewhere.ts'
import type { TwinFit } from './fit.ts'
import { keptBecause, keptCell, keptImports, keptTolerance, ownNetwork, type ForeignTwin } from './kept.ts'
import { twinModels } from './models.ts'
import { embeddingImports, pictureImports, picturesCell, rgbHelper, placesCell } from './pictures.ts'
import { py } from './python.ts'
import { readCell, splitCell, splitFile, type TwinData } from './read.ts'
import { allowedOf, nearness, scoreImports, scoresCell } from './scores.ts'
import { pictureIn, recipeCell } from './steps.ts'
import { typescriptTwin } from './typescript.ts'

export interface TwinInput {
  readonly run: Pick<Run, 'name' | 'spec' | 'dataHash' | 'facts' | 'evaluation' | 'threshold' | 'warnings'>
  readonly data: TwinData
  readonly recipe: FittedRecipeState
  readonly classes: readonly string[]
  /** How an earlier version trained it, where this one trains otherwise (`earlierFit`). */
  readonly earlier?: string
  /** A model that was brought in as a stranger's graph. */
  readonly foreign?: ForeignTwin
  readonly split: { readonly train: ArrayLike<number>; readonly valid: ArrayLike<number>; readonly test: ArrayLike<number> }
}
export interface Twin {
  readonly python: string
  /** A notebook of format 4. */
  readonly notebook: string
  readonly typescript: string
  /** split.json, which all three read. */
  readonly split: string
}

const pictureTolerance = 0.03
const decoders = 'JPEG decoders differ by a level here and there'

interface Cell {
  readonly title: string
  readonly lines: readonly string[]
}

const target = ({ run: { spec }, data }: TwinInput): string[] => {
  const column = py(spec.target.column)
  if (spec.target.task === 'regression') return [`y = frame[${column}].to_numpy(np.float64)`]
  const info = data.columns.find(({ name }) => name === spec.target.column)
  const code = info?.kind === 'numeric' ? '{float(name): i for i, name in enumerate(CLASSES)}' : info?.kind === 'boolean' ? `{${py(info.categories ?? [])}.index(name): i for i, name in enumerate(CLASSES)}` : '{name: i for i, name in enumerate(CLASSES)}'
  return [
    `code = ${code}`,
    `y = frame[${column}].map(code).fillna(-1).to_numpy(np.int64)`,
    'used = np.concatenate([train, valid])',
    'if (y[used] < 0).any():',
    `    raise SystemExit("target %s: %r is none of the studio's classes" % (${column}, frame[${column}].to_numpy()[used][y[used] < 0][0]))`,
  ]
}

/** What stands before the recipe: imports, the rows of the run, the file or the pictures, the target. */
function rowCells(input: TwinInput, imports: readonly string[], remarks: readonly string[], model: boolean): Cell[] {
  const { run, data, recipe, classes, split } = input
  const { spec } = run
  const { pictures } = data
  const counts = { train: split.train.length, valid: split.valid.length, test: split.test.length }
  const weighed = spec.sampleWeight
  return [
    {
      title: `${run.name}: ${estimators.get(spec.estimator.id).label}, target ${spec.target.column}`,
      lines: [
        '# The code twin of a run in Glasshouse: the same rows, recipe and model without the studio. Python 3.9 or newer.',
        ...remarks,
        ...(pictures ? [] : ['import csv']),
        'import hashlib',
        'import json',
        'import os',
        'from pathlib import Path',
        '',
        'import numpy as np',
        'import pandas as pd',
        ...[...new Set([...imports, ...(pictures ? pictureImports : [])]), ...scoreImports(run)].sort(),
        '',
        `SEED = ${spec.seed}`,
        `CLASSES = ${py(classes)}`,
      ],
    },
    ...(pictures
      ? [
          { title: 'The rows', lines: [...placesCell(data.rows, model), ...splitCell(counts)] },
          { title: 'The pictures', lines: picturesCell(pictures, spec.target.column) },
        ]
      : [
          { title: 'The file', lines: readCell(data, new Set([...recipe.inputs.map(({ name }) => name), spec.target.column, ...(weighed === undefined ? [] : [weighed])])) },
          { title: 'The rows', lines: splitCell(counts) },
        ]),
    {
      title: 'The target',
      lines: [...(weighed === undefined ? [] : ['# How much each row counts in training; scores count each row once.', `weight = frame[${py(weighed)}].to_numpy(np.float64)`]), ...target(input)],
    },
  ]
}

const scoresTitle = 'The scores, on validation rows'

function keptCells(input: TwinInput, why: string): readonly Cell[] {
  const { run, data } = input
  const { tolerance, because } = keptTolerance
  const label = input.foreign || run.spec.target.task === 'regression' ? undefined : 'said'
  return [
    ...rowCells(input, keptImports, [`# It does not learn: ${inComment(why, 400).slice(1, -1)}.`, nearness(run, { tolerance: data.pictures ? pictureTolerance : tolerance }, data.pictures ? `${because}; ${decoders}` : because)], false),
    { title: 'The model, as it is', lines: [...(data.pictures ? [...rgbHelper, ''] : []), ...keptCell(input)] },
    { title: scoresTitle, lines: scoresCell(run, { label, tolerance: data.pictures ? pictureTolerance : tolerance }) },
  ]
}

function learningCells(input: TwinInput): readonly Cell[] {
  const { run, data, recipe, classes, split } = input
  const { spec } = run
  const estimator = estimators.get(spec.estimator.id)
  const make = twinModels.get(estimator.id)
  if (!make) throw new StudioError({ code: 'unsupported', message: `unsupported estimator; a twin is written for ${[...twinModels.keys()].join(', ')}: ${estimator.id}` })
  const picture = pictureIn(recipe)
  const fit: TwinFit = {
    task: spec.target.task,
    classes,
    rows: split.train.length,
    mostCategories: recipe.features.reduce((most, { categories }) => Math.max(most, categories?.length ?? 0), 0),
    weighed: spec.sampleWeight !== undefined,
    params: checkParams(estimator.id, estimator.params, spec.estimator.params),
    seed: spec.seed,
    categorical: recipe.features.flatMap(({ categories }, f) => (categories ? [f] : [])),
    facts: run.facts,
    features: recipe.features.map(({ name }) => name),
    ...(picture && { picture }),
  }
  const model = run.facts['trainedElsewhere'] === undefined ? make(fit) : elsewhereTwin(fit, spec, make)
  const embeds = recipe.learnt.some(({ step }) => step === 'image-embedding')
  const tolerance = data.pictures ? Math.max(model.tolerance, pictureTolerance) : model.tolerance
  const remarks = [
    nearness(run, { tolerance, another: model.another, ranks: model.ranks }, data.pictures ? `${model.because}; ${decoders}` : model.because),
    ...(model.another ? [`# It is another model, as good as the run's: ${tolerance} of that is stated for it, the rest is what chance makes of the difference of two scores on ${split.valid.length} rows, from their 95 % intervals.`] : []),
  ]
  const inOrder = ['def in_order(model, X):', '    """Probabilities of every class, those without a training row too."""', '    shares = np.zeros((len(X), len(CLASSES)))', '    shares[:, np.asarray(model.classes_, dtype=int)] = model.predict_proba(X)', '    return shares', '', '']
  return [
    ...rowCells(input, [...model.imports, ...(embeds ? embeddingImports : [])], remarks, embeds),
    { title: 'The recipe', lines: recipeCell(recipe) },
    { title: `The model: ${estimator.label}`, lines: [...(model.lines.some((line) => line.includes('in_order(')) ? inOrder : []), ...model.lines] },
    { title: scoresTitle, lines: ['given = answer(X[valid])', ...scoresCell(run, { tolerance, another: model.another, ranks: model.ranks })] },
  ]
}

const script = (cells: readonly Cell[]): string => `${cells.map(({ title, lines }) => `# %% ${inComment(title).slice(1, -1)}\n${lines.join('\n')}`).join('\n\n')}\n`

function notebook(cells: readonly Cell[]): string {
  const source = (text: string): string[] => text.split(/(?<=\n)/)
  const made = cells.flatMap(({ title, lines }, i) => [
    { cell_type: 'markdown', id: `title-${i}`, metadata: {}, source: [`## ${inComment(title).slice(1, -1)}`] },
    { cell_type: 'code', id: `code-${i}`, metadata: {}, execution_count: null, outputs: [], source: source(lines.join('\n')) },
  ])
  return `${JSON.stringify({ cells: made, metadata: { kernelspec: { display_name: 'Python 3', language: 'python', name: 'python3' }, language_info: { name: 'python' } }, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`
}

/** @throws StudioError unsupported for an estimator or a step that no twin is written for */
export function twinOf(given: TwinInput): Twin {
  const why = keptBecause(given)
  const input = why === undefined || why === ownNetwork ? { ...given, run: { ...given.run, spec: asOneTraining(given.run) } } : given
  if (input.data.pictures && input.recipe.inputs.length > 1) throw new StudioError({ code: 'unsupported', message: `unsupported columns; a twin is written for pictures alone: ${input.recipe.inputs.map(({ name }) => name).join(', ').slice(0, 200)}` })
  const cells = why === undefined ? learningCells(input) : keptCells(input, why)
  // Another trainer's model is as good, not the same.
  const elsewhere = why === undefined && input.run.facts['trainedElsewhere'] !== undefined
  const typescript = typescriptTwin(input, { why: why === ownNetwork ? undefined : why, elsewhere, allowed: Object.fromEntries(allowedOf(input.run, { tolerance: elsewhere ? elsewhereTolerance : pictureTolerance, another: elsewhere })), because: elsewhere ? 'the run was trained elsewhere, this is the studio’s own estimator with its settings' : decoders })
  return { python: script(cells), notebook: notebook(cells), typescript, split: splitFile(input.run.spec.split, input.data, input.split) }
}
