/**
 * The code twin of a run: the same file, the same rows, the same recipe and the same estimator as a Python script, a
 * notebook and a TypeScript program, so that nobody has to believe the studio. It judges validation rows only: the test
 * part stays sealed.
 */
import { StudioError } from '../../errors.ts'
import { foreignId } from '../../estimators/onnx-model.ts'
import { estimators } from '../../estimators/registry.ts'
import { checkParams } from '../../params.ts'
import type { FittedRecipeState, Json } from '../../recipe/step.ts'
import { asOneTraining } from '../../run/continue-from.ts'
import type { Run } from '../../run/run.ts'
import { inComment } from '../text.ts'
import { twinModels } from './models.ts'
import { embeddingImports, pictureImports, picturesCell, placesCell } from './pictures.ts'
import { py } from './python.ts'
import { readCell, splitCell, splitFile, type TwinData } from './read.ts'
import { pictureIn, recipeCell } from './steps.ts'
import { typescriptTwin } from './typescript.ts'

export interface TwinInput {
  readonly run: Pick<Run, 'name' | 'spec' | 'dataHash' | 'facts' | 'evaluation' | 'threshold'>
  readonly data: TwinData
  readonly recipe: FittedRecipeState
  readonly classes: readonly string[]
  /** How an earlier version trained it, where this one trains otherwise (`earlierFit`). */
  readonly earlier?: string
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

/** Scores that scikit-learn computes, too. */
const judged: Readonly<Record<string, string>> = {
  accuracy: 'accuracy_score(y[valid], label)',
  'balanced-accuracy': 'balanced_accuracy_score(y[valid], label)',
  'f1-macro': 'f1_score(y[valid], label, average="macro", zero_division=0)',
  'roc-auc': '',
  'log-loss': 'log_loss(y[valid], given, labels=range(len(CLASSES)))',
  rmse: 'mean_squared_error(y[valid], given) ** 0.5',
  mae: 'mean_absolute_error(y[valid], given)',
  r2: 'r2_score(y[valid], given)',
}
const inUnits = new Set(['rmse', 'mae'])

const pictureTolerance = 0.03
const decoders = 'JPEG decoders differ by a level here and there'

/** A score, and how far its 95 % interval reaches on these rows. */
type Scores = readonly (readonly [metric: string, value: number, reach: number])[]
/** Allowed difference of each score: of shares as stated, of the log loss twice as much, of errors relative. */
const allowedOf = (scores: Scores, tolerance: number, another = false): [string, number][] =>
  scores.map(([metric, value, reach]) => [metric, (metric === 'log-loss' ? 2 * tolerance : inUnits.has(metric) ? tolerance * Math.abs(value) : tolerance) + (another ? Math.SQRT2 * reach : 0)])
const scoresOf = ({ evaluation }: TwinInput['run']): Scores => (evaluation?.scores ?? []).flatMap(({ metric, value, low, high }) => (value === null ? [] : [[metric, value, low === null || high === null ? 0 : Math.max(high - value, value - low)] as const]))

interface Cell {
  readonly title: string
  readonly lines: readonly string[]
}

function cellsOf({ run, data, recipe, classes, split }: TwinInput): readonly Cell[] {
  const { spec } = run
  const { task } = spec.target
  const estimator = estimators.get(spec.estimator.id)
  const make = twinModels.get(estimator.id)
  if (estimator.id === foreignId) throw new StudioError({ code: 'unsupported', message: `unsupported model; a twin learns what the run learnt, and this one learnt elsewhere: ${estimator.id}`, hint: 'Its own program is where it came from.' })
  if (!make) throw new StudioError({ code: 'unsupported', message: `unsupported estimator; a twin is written for ${[...twinModels.keys()].join(', ')}: ${estimator.id}` })
  const categorical = recipe.features.flatMap(({ categories }, f) => (categories ? [f] : []))
  const weighed = spec.sampleWeight
  const mostCategories = recipe.features.reduce((most, { categories }) => Math.max(most, categories?.length ?? 0), 0)
  const picture = pictureIn(recipe)
  const model = make({ task, classes, rows: split.train.length, mostCategories, weighed: weighed !== undefined, params: checkParams(estimator.id, estimator.params, spec.estimator.params), seed: spec.seed, categorical, facts: run.facts, features: recipe.features.map(({ name }) => name), ...(picture && { picture }) })
  const { pictures } = data
  const embeds = recipe.learnt.some(({ step }) => step === 'image-embedding')
  const tolerance = pictures ? Math.max(model.tolerance, pictureTolerance) : model.tolerance
  const because = pictures ? `${model.because}; ${decoders}` : model.because
  const target = data.columns.find(({ name }) => name === spec.target.column)
  const regression = task === 'regression'
  const counts = { train: split.train.length, valid: split.valid.length, test: split.test.length }
  const scores = scoresOf(run).filter(([metric]) => judged[metric] !== undefined)
  const auc = task === 'binary' ? 'roc_auc_score(y[valid], given[:, 1])' : 'roc_auc_score(y[valid], given / given.sum(axis=1, keepdims=True), multi_class="ovr", labels=range(len(CLASSES)))'
  const functions = [...new Set(scores.map(([metric]) => (metric === 'roc-auc' ? 'roc_auc_score' : (judged[metric] as string).split('(')[0] as string)))]
  return [
    {
      title: `${run.name}: ${estimator.label}, target ${spec.target.column}`,
      lines: [
        `# The code twin of a run in Glasshouse: the same rows, recipe and model without the studio. Python 3.9 or newer.`,
        `# Its scores lie within ${tolerance} of the studio's: ${because}.`,
        ...(model.another ? [`# It is another model, as good as the run's: on top comes what chance makes of the difference of two scores on ${counts.valid} rows, from their 95 % intervals.`] : []),
        ...(pictures ? [] : ['import csv']),
        'import hashlib',
        'import json',
        'import os',
        'from pathlib import Path',
        '',
        'import numpy as np',
        'import pandas as pd',
        ...[...new Set([...model.imports, ...(pictures ? pictureImports : []), ...(embeds ? embeddingImports : [])]), ...(functions.length > 0 ? [`from sklearn.metrics import ${functions.sort().join(', ')}`] : [])].sort(),
        '',
        `SEED = ${spec.seed}`,
        `CLASSES = ${py(classes)}`,
      ],
    },
    ...(pictures
      ? [
          { title: 'The rows', lines: [...placesCell(data.rows, embeds), ...splitCell(counts)] },
          { title: 'The pictures', lines: picturesCell(pictures, spec.target.column) },
        ]
      : [
          { title: 'The file', lines: readCell(data, new Set([...recipe.inputs.map(({ name }) => name), spec.target.column, ...(weighed === undefined ? [] : [weighed])])) },
          { title: 'The rows', lines: splitCell(counts) },
        ]),
    {
      title: 'The target',
      lines: [
        ...(weighed === undefined ? [] : ['# How much each row counts in training; scores count each row once.', `weight = frame[${py(weighed)}].to_numpy(np.float64)`]),
        ...(regression
          ? [`y = frame[${py(spec.target.column)}].to_numpy(np.float64)`]
          : [
              ...(target?.kind === 'numeric' ? [`code = {float(name): i for i, name in enumerate(CLASSES)}`] : target?.kind === 'boolean' ? [`code = {${py(target.categories ?? [])}.index(name): i for i, name in enumerate(CLASSES)}`] : ['code = {name: i for i, name in enumerate(CLASSES)}']),
              `y = frame[${py(spec.target.column)}].map(code).fillna(-1).to_numpy(np.int64)`,
              'assert (y[train] >= 0).all() and (y[valid] >= 0).all()',
            ]),
      ],
    },
    { title: 'The recipe', lines: recipeCell(recipe) },
    {
      title: `The model: ${estimator.label}`,
      lines: [
        ...(!model.lines.some((line) => line.includes('in_order(')) ? [] : ['def in_order(model, X):', '    """Probabilities of every class, those without a training row too."""', '    shares = np.zeros((len(X), len(CLASSES)))', '    shares[:, np.asarray(model.classes_, dtype=int)] = model.predict_proba(X)', '    return shares', '', '']),
        ...model.lines,
      ],
    },
    {
      title: 'The scores, on validation rows',
      lines: [
        'given = answer(X[valid])',
        ...(task === 'binary' ? [`label = (given[:, 1] >= ${run.threshold}).astype(int)`] : regression ? [] : ['label = given.argmax(axis=1)']),
        `STUDIO = ${py(Object.fromEntries(scores.map(([metric, value]) => [metric, value])) as Json)}`,
        `ALLOWED = ${py(Object.fromEntries(allowedOf(scores, tolerance, model.another)) as Json)}`,
        'scores = {',
        ...scores.map(([metric]) => `    ${py(metric)}: float(${metric === 'roc-auc' ? auc : judged[metric]}),`),
        '}',
        'for name, score in scores.items():',
        '    apart = abs(score - STUDIO[name])',
        '    print(f"{name:20} {score:12.6f}  studio {STUDIO[name]:12.6f}  apart {apart:.2g}  allowed {ALLOWED[name]:.2g}")',
        'if os.environ.get("SCORES"):',
        '    Path(os.environ["SCORES"]).write_text(json.dumps(scores))',
        'far = [name for name, score in scores.items() if not abs(score - STUDIO[name]) <= ALLOWED[name]]',
        'if far:',
        '    raise SystemExit(f"further from the studio than stated: {far}")',
      ],
    },
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

/** @throws StudioError unsupported for an estimator or a step that no twin is written for, and for a model that was trained elsewhere */
export function twinOf(given: TwinInput): Twin {
  const input = { ...given, run: { ...given.run, spec: asOneTraining(given.run) } }
  const { facts } = input.run
  if (input.data.pictures && input.recipe.inputs.length > 1) throw new StudioError({ code: 'unsupported', message: `unsupported columns; a twin is written for pictures alone: ${input.recipe.inputs.map(({ name }) => name).join(', ').slice(0, 200)}` })
  if (facts['trainedElsewhere'] !== undefined) throw new StudioError({ code: 'unsupported', message: `unsupported run; its model was trained elsewhere, so that this data does not make it again: ${String(facts['ofRun'] ?? facts['trainedElsewhere']).slice(0, 100)}` })
  if (input.earlier !== undefined) throw new StudioError({ code: 'unsupported', message: `unsupported run; an earlier version trained it otherwise than a twin of today: ${input.earlier}`, hint: 'Train it again with the same settings; the new run has a twin.' })
  const cells = cellsOf(input)
  return { python: script(cells), notebook: notebook(cells), typescript: typescriptTwin(input, Object.fromEntries(allowedOf(scoresOf(input.run), pictureTolerance)), decoders), split: splitFile(input.run.spec.split, input.data, input.split) }
}
