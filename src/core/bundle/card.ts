/**
 * The model card: what Mitchell et al. (Model Cards for Model Reporting, 2019) ask for, from what the
 * studio knows. What only a person can say and nobody wrote is a visible gap, never invented text.
 */
import type { Source } from '../data/dataset.ts'
import type { Evaluation, GroupReport, ScoreRow } from '../evaluate/evaluation.ts'
import { minimumGroup } from '../evaluate/groups.ts'
import type { PermutationImportance } from '../explain/explainer.ts'
import { metrics } from '../metrics/registry.ts'
import type { GraphCost, GraphTime } from '../onnx/cost.ts'
import type { ParityCertificate } from '../onnx/parity.ts'
import type { Param, ParamTable, ParamValue } from '../params.ts'
import { intervalWords, percentOf } from '../percent.ts'
import { needsPower, powerOfTen, smallNumber, trueMinus } from '../powers.ts'
import { steps } from '../recipe/registry.ts'
import type { FittedRecipeState } from '../recipe/step.ts'
import type { Run } from '../run/run.ts'
import { figureNumbers, figuresOf, type CardFigure } from './card-figures.ts'
import type { CardAnalyses, TrainingCounts } from './card-groups.ts'
import { hasPictures } from './pictures.ts'
import type { Signature } from './signature.ts'

export interface CardFacts {
  readonly run: Run
  readonly signature: Signature
  readonly recipe: FittedRecipeState
  readonly certificate: ParityCertificate
  readonly data: { readonly name: string; readonly rows: number; readonly source: Source; readonly warnings: readonly string[] }
  /** The baseline of the same project and target, where one was trained; its test part only where it was opened too. */
  readonly baseline?: { readonly name: string; readonly evaluation: Evaluation; readonly testEvaluation?: Evaluation }
  readonly estimator: { readonly label: string; readonly source: string; readonly params: ParamTable; readonly tags: { readonly keepsRows?: boolean } }
  readonly analyses: CardAnalyses
  readonly counts: TrainingCounts
  /** What shuffling each column costs, where somebody asked. */
  readonly importance?: PermutationImportance
  /** The page of the card lets its reader ask the model. */
  readonly holdsModel: boolean
  readonly cost: GraphCost
  /** SHA-256 of reference.json. */
  readonly referenceHash: string
  /** What the person wrote; absent or empty where nothing. */
  readonly written: WrittenParts
}
/** What only a person can say. */
export const writtenParts = ['intendedUse', 'users', 'downstream', 'outOfScope', 'people', 'limitations', 'tradeOffs', 'ethics', 'mitigations', 'costs', 'thresholdBy', 'monitoring', 'owner', 'licence'] as const
export type WrittenParts = Readonly<Partial<Record<(typeof writtenParts)[number], string>>>

export type CardBlock =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'gap'; readonly text: string }
  /** What must not be overlooked. */
  | { readonly kind: 'warning'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'table'; readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | CardFigure
export interface Card {
  readonly title: string
  /** What model hubs read before the text: names as they have them, in order. */
  readonly matter: readonly (readonly [key: string, value: string | readonly string[]])[]
  readonly sections: readonly { readonly title: string; readonly blocks: readonly CardBlock[] }[]
}

const cut = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text)
const number = (value: number | null): string => (value === null ? 'undefined' : needsPower(value) ? powerOfTen(value, 4) : trueMinus(String(Number(value.toPrecision(4)))))
const text = (value: string): CardBlock => ({ kind: 'text', text: value })
const gap = (what: string): CardBlock => ({ kind: 'gap', text: `Gap: ${what}` })
const list = (items: readonly string[]): CardBlock => ({ kind: 'list', items })
const written = (value: string | undefined, what: string): CardBlock => (value === undefined || value.trim() === '' ? gap(`nobody wrote ${what}.`) : text(value.trim()))
const labelled = (label: string, value: string | undefined, what: string): CardBlock[] => [value === undefined || value.trim() === '' ? gap(`nobody wrote ${what}.`) : text(`${label}: ${value.trim()}`)]

/** As few digits as tell it from the other one. */
const thresholdWords = (value: number, other = value): string => (value !== other && number(value) === number(other) ? String(value) : number(value))
const undefinedWords = (reason: string | undefined): string => (reason ? `undefined: ${reason}` : 'undefined')
const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1)

/** What the model is asked about. */
const noun = (signature: Signature): 'picture' | 'row' => (hasPictures(signature) ? 'picture' : 'row')

export function cardOf(facts: CardFacts): Card {
  const { run, signature, data } = facts
  return {
    title: `Model card: ${cut(signature.name)}`,
    matter: [
      ['model_name', cut(signature.name)],
      ['library_name', 'onnx'],
      ['pipeline_tag', `${signature.inputs.some(({ kind }) => kind === 'image') ? 'image' : 'tabular'}-${signature.task === 'regression' ? 'regression' : 'classification'}`],
      ['tags', ['glasshouse', 'onnx', run.spec.estimator.id]],
      ...(facts.written.licence?.trim() ? [['license_name', cut(facts.written.licence.trim())] as const] : []),
    ],
    sections: [
      { title: 'Model details', blocks: [...rowsInside(facts), ...details(facts)] },
      {
        title: 'Intended use',
        blocks: [
          written(facts.written.intendedUse, 'what this model is for and what it must not be used for'),
          ...labelled('Users', facts.written.users, 'who is meant to use it'),
          ...labelled('Downstream use', facts.written.downstream, 'what is made of its answers, by which systems and people'),
          ...labelled('Out of scope', facts.written.outOfScope, 'which uses are out of scope'),
        ],
      },
      {
        title: 'Factors',
        blocks: [written(facts.written.people, 'which groups of people or circumstances matter for this model'), ...categoryFactors(signature), ...shownFactors(facts.analyses)],
      },
      { title: 'Metrics', blocks: metricBlocks(signature) },
      { title: 'Evaluation data', blocks: evaluationData(facts) },
      { title: 'Training data', blocks: trainingData(facts) },
      { title: 'Quantitative analyses', blocks: analyses(facts) },
      { title: 'Examination', blocks: examination(facts) },
      {
        title: 'Ethical considerations',
        blocks: [
          written(facts.written.ethics, 'which people this model touches, and what can go wrong for them'),
          ...labelled('Against those risks', facts.written.mitigations, 'what is done against those risks'),
          ...labelled('What wrong answers cost', facts.written.costs, 'what each kind of wrong answer costs'),
        ],
      },
      {
        title: 'Caveats and recommendations',
        blocks: [
          written(facts.written.limitations, 'what is known not to work'),
          ...labelled('Trade-offs', facts.written.tradeOffs, 'what was given up for what, such as accuracy for a model that can be read'),
          ...labelled('Monitoring', facts.written.monitoring, 'who watches the model in use, and when it is trained again'),
          list([
            ...[...data.warnings, ...run.warnings].map(cut),
            'Probabilities are those of the training data: they hold only while new data look like it.',
            hasPictures(signature) ? 'Pictures unlike those of training are answered too, but nothing was learnt of them.' : 'Values outside the ranges of the signature are answered, but nothing was learnt there.',
          ]),
        ],
      },
      { title: 'Environmental impact', blocks: footprint(facts) },
      { title: 'How to start', blocks: start(facts) },
      { title: 'Glossary', blocks: [list(glossary(signature))] },
    ],
  }
}

/** A model that keeps rows hands them to everyone who has the bundle: said first, and in capitals. */
function rowsInside({ estimator, run, signature }: CardFacts): CardBlock[] {
  if (estimator.tags.keepsRows !== true) return []
  const rows = run.rows?.train
  const many = rows === undefined ? '' : ` (of ${rows})`
  if (hasPictures(signature)) return [{ kind: 'warning', text: `THIS MODEL CONTAINS WHAT ITS NETWORK SAW IN PICTURES OF ITS TRAINING DATA${many}. ${estimator.label} answers by comparing with pictures it keeps, as lists of numbers: the graph, and this card's page where it holds it, have them with what was to be predicted. Whoever may not see those pictures must not be given this model.` }]
  return [{ kind: 'warning', text: `THIS MODEL CONTAINS ROWS OF ITS TRAINING DATA${many}. ${estimator.label} answers by comparing with rows it keeps: the graph, the code and this card's sliders hold their columns ${signature.inputs.map(({ name }) => cut(name)).slice(0, 20).join(', ')}${signature.inputs.length > 20 ? ' and more' : ''} and what was to be predicted. Whoever may not see those rows must not be given this model.` }]
}

function details({ run, signature, certificate, estimator, cost, referenceHash, written: by }: CardFacts): CardBlock[] {
  const rows: [string, string][] = [
    ['Task', signature.task],
    ['Target', cut(signature.target)],
    ['Estimator', `${estimator.label}; ${estimator.source}`],
    ['Seed', String(run.spec.seed)],
    ...(run.spec.sampleWeight === undefined ? [] : [['Sample weight', `${cut(run.spec.sampleWeight)}: training ${noun(signature)}s count by it, scores do not`] as [string, string]]),
    ...(run.facts['roundsBefore'] === undefined ? [] : [['Continued', `went on from a model of ${String(run.facts['roundsBefore'])} rounds`] as [string, string]]),
    ...(run.spec.sampleRows === undefined ? [] : [['Sample', `learnt from ${run.spec.sampleRows.toLocaleString('en')} of the training ${noun(signature)}s, drawn with the seed of the split`] as [string, string]]),
    ['Version', `${run.name}, run ${run.id}, ${new Date(run.createdAt).toISOString().slice(0, 10)}`],
    ['Data hash', run.dataHash],
    ['Made with', `Glasshouse ${run.environment.app}, backend ${run.environment.backend}`],
    ['Format', `ONNX, ${certificate.opset}; ${cost.bytes.toLocaleString('en')} bytes`],
    ...costRows(cost, noun(signature)),
    ['Inputs and outputs', `${hasPictures(signature) ? '1 picture' : signature.inputs.length === 1 ? '1 column' : `${signature.inputs.length} columns`} in, ${signature.outputs.map(({ name, tensor }) => `${cut(name)} (${tensor})`).join(' and ')} out; signature.json`],
    ['Reference profile', `reference.json, SHA-256 ${referenceHash}`],
    ['Parity with the studio', `${certificate.rows} ${certificate.part}: ${certificate.outputs.map((output) => `${output.output} at most ${smallNumber(output.maxDifference)} apart (allowed ${smallNumber(output.tolerance)})`).join('; ')}; ${certificate.ties} ties, ${certificate.labelsDifferent} other labels; ${certificate.runtime}${(certificate.capped ?? []).map(({ column, held, of }) => `; golden rows hold ${held} of ${of} categories of ${cut(column)}`).join('')}`],
  ]
  if (signature.threshold !== undefined) {
    rows.splice(2, 0, ['Decision threshold', `${number(signature.threshold)} on the probability of ${cut(signature.classes[1] ?? '')} (${signature.threshold === 0.5 ? 'the default, unless a person kept it on purpose' : 'not the default, which is 0.5'}); signature.json has every digit`], ...costRatioRow(signature.threshold, signature.classes[1] ?? ''))
  }
  // A threshold weighs people's mistakes against each other: somebody chose it, and has a name.
  const chosen = signature.threshold === undefined ? [] : labelled('Who chose the threshold, and why', by.thresholdBy, 'who chose the threshold, and why')
  return [{ kind: 'table', header: ['Detail', 'Value'], rows }, ...parameters(run, estimator.params), ...chosen, ...labelled('Owner, authors and contact', by.owner, 'who owns this model and answers for it'), ...labelled('Licence', by.licence, 'under which licence this model may be used')]
}

/** Of a missed positive to a false alarm, where the threshold costs least: at t itself t x a miss = (1 - t) x an alarm (Elkan 2001). Undefined at 0 and 1, where one of them weighs nothing. */
const costRatio = (threshold: number): number | undefined => (threshold > 0 && threshold < 1 ? (1 - threshold) / threshold : undefined)
function costRatioRow(threshold: number, positive: string): [string, string][] {
  const ratio = costRatio(threshold)
  return ratio === undefined ? [] : [['Cost ratio', `this threshold costs least where missing a true ${cut(positive)} costs ${number(ratio)} times as much as naming a false one, as far as the probabilities are calibrated`]]
}

const paramWords = (value: ParamValue): string => (value === '' ? '(empty)' : String(value))
/** All of them, whole: with them and the seed the same model comes again. */
function parameters({ spec: { estimator } }: Run, table: ParamTable): CardBlock[] {
  const params = Object.entries(estimator.params)
  if (params.length === 0) return [text('Parameters: none set; all are at their defaults.')]
  const about = (name: string): string => (Object.hasOwn(table, name) ? (table[name] as Param).label : '')
  return [text('Parameters:'), { kind: 'table', header: ['Parameter', 'Value', 'What it is'], rows: params.map(([name, value]) => [name, paramWords(value), about(name)]) }]
}

/** Milliseconds with three digits. */
const milliseconds = (ms: number): string => `${number(Number(ms.toPrecision(3)))} ms`
/** What it takes to run it: measured here, and nothing is said of other machines. */
function costRows({ numbers, runtime, threads, machine, times, picture }: GraphCost, one: 'picture' | 'row'): [string, string][] {
  const of = ({ rows }: GraphTime): string => (rows > 1 ? `${rows.toLocaleString('en')} ${one}s at once` : picture ? `one decoded picture of ${picture.width} x ${picture.height}` : 'one row')
  const measured = times.map((time) => `${milliseconds(time.ms)} for ${of(time)} (median of ${time.times} times${time.inARow > 1 ? `, each the mean of ${time.inARow} in a row` : ''})`)
  return [
    ['Numbers in the graph', `${numbers.toLocaleString('en')} of floating point: all that was learnt, and constants of the preparation`],
    ['Time to answer', measured.length === 0 ? 'not measured' : `${measured.join('; ')}; the graph alone, ${runtime}, ${threads} thread, on ${cut(machine)}. Another machine takes another time.`],
  ]
}

const mostImportant = 20
/** What its answers hang on, as far as somebody asked. */
function examination({ importance, estimator, signature }: CardFacts): CardBlock[] {
  // No page of the studio has such a figure for pictures, so nobody could have asked.
  if (hasPictures(signature)) return [text('What in a picture an answer hangs on is asked of one picture at a time, on the Explain page of the studio; there is no figure over all of them.')]
  if (!importance) return [gap('nobody asked what the answers hang on (permutation importance, on the Explain page), so it is not known here.')]
  const { metric, part, n, columns } = importance
  const listed = columns.slice(0, mostImportant)
  return [
    text(`How much worse ${metricLabel(metric)} gets when one column is shuffled: ${n} ${part === 'valid' ? 'validation' : part} rows, ${estimator.label}. Columns that say the same share what they are worth; none of it is a cause.`),
    { kind: 'table', header: ['Column', 'Mean loss', 'Standard deviation'], rows: listed.map(({ column, mean, sd }) => [cut(column), number(mean), number(sd)]) },
    ...(columns.length > listed.length ? [text(`${columns.length - listed.length} further columns weigh less.`)] : []),
  ]
}

/** What it ran in and how long, as far as that was recorded; energy never is. */
function footprint({ run }: CardFacts): CardBlock[] {
  const { timings, environment } = run
  const rows: string[][] = [['Trained in', cut(environment.userAgent)], ['Threads', String(environment.threads)]]
  if (timings) rows.push(['Time to train', `${number(timings.fit / 1000)} s for the fit, ${number((timings.prepare + timings.evaluate) / 1000)} s around it; ${duration(timings.fit + timings.prepare + timings.evaluate)} in all`])
  return [
    { kind: 'table', header: ['Detail', 'Value'], rows },
    gap('processor, memory and graphics card are not recorded.'),
    ...(timings ? [] : [gap('how long it trained is not recorded.')]),
    gap('energy and emissions were not measured; searches and runs that were thrown away are not counted.'),
  ]
}
const duration = (ms: number): string => (ms < 60_000 ? `${number(ms / 1000)} s` : ms < 360_000 ? `${number(ms / 60_000)} minutes` : `${number(ms / 3_600_000)} hours`)

/** Words of this card that not every reader has met. They say what a word means, nothing of this model. */
function glossary(signature: Signature): string[] {
  const { task } = signature
  const one = noun(signature)
  return [
    `Training, validation and test ${one}s: what the model learnt from, what it was chosen by, and what was kept aside to judge it once.`,
    `Interval (${intervalWords}): where the figure would lie in 95 of 100 such samples of ${one}s; it says nothing of ${one}s of another kind.`,
    'Baseline: the model that answers the same whatever it is asked; whoever is not better has learnt nothing.',
    ...(task === 'regression' ? [] : [`Probability: how often the class occurred among training ${one}s like this one, as the model has it.`]),
    ...(task === 'binary' ? ['Decision threshold: the probability from which on the answer is the second class.'] : []),
    `Parity: how far the exported graph is from the studio\u2019s own answers on the same ${one}s.`,
    `Golden ${one}s: ${one === 'picture' ? 'made-up pictures' : 'rows'} with their answers, kept in the bundle to prove that a copy still answers so.`,
    one === 'picture' ? 'Signature: what goes in, a picture, and what comes out.' : 'Signature: which columns go in, of which kind and range, and what comes out.',
    'Reference profile: how inputs and answers were distributed in training, to compare new data with.',
    `Slice: a named part of the ${one}s.`,
    'Seed: the number that chance began with; the same seed gives the same model again.',
  ]
}

/** For whoever holds the bundle: from nothing to an answer, and from the answer to how it came about. */
function start({ estimator, run, signature, holdsModel }: CardFacts): CardBlock[] {
  const pictures = hasPictures(signature)
  return [
    list([
      `Serve it: npm ci and npm start beside this card; README.md has requests ${pictures ? 'with a picture' : 'with its columns filled in'}.`,
      `Prove the copy: npm test answers the golden ${noun(signature)}s; glasshouse verify holds every file against its checksum first.`,
      `Train it again: code/twin.py, its notebook or code/twin.ts, with ${pictures ? 'the folder of the pictures' : 'the file of the SHA-256 above'}; they say how near their scores come.`,
      holdsModel ? 'Ask it by hand: MODEL_CARD.html holds the model itself.' : `Ask it by hand: start the server, and send it a ${noun(signature)} as README.md shows.`,
    ]),
    text(`To cite: the estimator is ${estimator.label} (${estimator.source}); the run is ${run.id}, data hash ${run.dataHash}.`),
  ]
}

function categoryFactors(signature: Signature): CardBlock[] {
  const names = signature.inputs.filter((input) => input.kind === 'categorical' || input.kind === 'boolean').map((input) => cut(input.name))
  return names.length === 0 ? [] : [text('Columns with groups that the model reads:'), list(names)]
}

function shownFactors({ groups }: CardAnalyses): CardBlock[] {
  const columns = [...new Set(groups.filter((report) => report.columns.length === 1).map((report) => cut(report.columns[0] as string)))]
  return columns.length === 0 ? [gap('no column of the data makes groups that could be compared.')] : [text(`Compared below: ${columns.join(', ')}. They were taken because their values are few, not because anybody chose them.`)]
}

/** Metrics of a ranking know a positive class and others. */
const eachInTurn = 'each class in turn against all others, as the positive one, then the plain mean over classes. '
function metricBlocks(signature: Signature): CardBlock[] {
  const used = metrics.all.filter((metric) => metric.tasks.includes(signature.task))
  return [text(`Each figure comes with a ${intervalWords}: percentile bootstrap over ${noun(signature)}s.`), list(used.map((metric) => `${metric.label}: ${signature.task === 'multiclass' && metric.ranksEachClass ? eachInTurn : ''}${metric.help.replace(/\brow(s?)\b/g, `${noun(signature)}$1`)}`))]
}

function evaluationData({ run, signature }: CardFacts): CardBlock[] {
  const one = noun(signature)
  const { split } = run.spec
  const blocks: CardBlock[] = [
    text(`Split: ${split.strategy.kind}${'column' in split.strategy ? ` by ${cut(split.strategy.column)}` : ''}, seed ${split.seed}; ${run.rows ? `${run.rows.train} ${one}s for training, ${run.rows.valid} for validation, ${run.rows.test} for the test, ${run.rows.leftOut} left out` : 'sizes unknown'}.`),
    text(`The test part was opened ${run.testOpenings} time${run.testOpenings === 1 ? '' : 's'}.`),
  ]
  if (!run.testEvaluation) blocks.push(gap(`the test part was never opened, so the figures below come from ${one}s that helped to choose the model.`))
  return blocks
}

function trainingData({ run, data, recipe, signature, counts }: CardFacts): CardBlock[] {
  const { source } = data
  return [
    text(`${cut(data.name)}: ${data.rows} ${noun(signature)}s, from ${cut(source.fileName)} (SHA-256 ${source.sha256}).${source.licence ? ` Licence: ${cut(source.licence)}.` : ''}${source.url ? ` Origin: ${cut(source.url)}.` : ''}`),
    ...(source.licence ? [] : [gap('the licence of the data is not recorded.')]),
    { kind: 'table', header: ['Column', 'Kind', 'Seen in training', 'Missing in training', 'May be missing'], rows: signature.inputs.map((input, i) => [cut(input.name), input.kind, seen(input), counts.rows === 0 ? '' : percentOf((counts.missing[i] ?? 0) / counts.rows), input.nullable ? 'yes' : 'no']) },
    ...targetBlocks(counts, signature),
    ...(recipe.spec.steps.length > 0 ? [text(`Recipe, fitted on training ${noun(signature)}s only:`), list(recipe.spec.steps.map(stepWords))] : [text('No preparation: columns enter as they are.')]),
    ...(run.leftOut.length > 0 ? [text('Columns that the model does not read:'), list(run.leftOut.map(({ column, reason }) => `${cut(column)}: ${cut(reason)}`))] : []),
  ]
}
const mostClassRows = 40
/** What there was to be learnt: how often each class, or how the values lie. */
function targetBlocks({ rows, classes, values }: TrainingCounts, signature: Signature): CardBlock[] {
  const title = `The target, ${cut(signature.target)}, in ${rows.toLocaleString('en')} training ${noun(signature)}s`
  if (values) return [text(`${title}: ${number(values.min)} to ${number(values.max)}, mean ${number(values.mean)}, standard deviation ${number(values.sd)}.`)]
  if (!classes) return []
  const listed = signature.classes.map((name, c) => ({ name, n: classes[c] ?? 0 })).slice(0, mostClassRows)
  const others = classes.slice(mostClassRows)
  return [
    text(`${title}:`),
    { kind: 'table', header: ['Class', 'n', 'Share'], rows: listed.map(({ name, n }) => [cut(name), String(n), rows === 0 ? '' : percentOf(n / rows)]) },
    ...(others.length > 0 ? [text(`${others.length} further classes have ${others.reduce((sum, n) => sum + n, 0).toLocaleString('en')} ${noun(signature)}s together; model_card.json has each.`)] : []),
  ]
}
function stepWords({ step, params }: FittedRecipeState['spec']['steps'][number]): string {
  const label = steps.has(step) ? steps.get(step).label : cut(step)
  return [label, Object.entries(params).map(([name, value]) => `${name} ${paramWords(value)}`).join(', ')].filter((part) => part !== '').join(': ')
}
/** The range as the signature has it, digit by digit: a server warns outside of that one, not of a rounded one. */
function seen(input: Signature['inputs'][number]): string {
  if (input.categories) return `${input.categories.length} categories`
  if (input.min === undefined || input.max === undefined) return input.labels ? input.labels.map(cut).join(', ') : ''
  const write = (value: number): string => (input.kind === 'datetime' ? new Date(value * 1000).toISOString().replace(/(\.000)?Z$/, '') : trueMinus(String(value)))
  return `${write(input.min)} to ${write(input.max)}`
}

function analyses({ run, baseline, signature, analyses: by }: CardFacts): CardBlock[] {
  const one = noun(signature)
  const blocks: CardBlock[] = []
  const add = (title: string, evaluation: Evaluation | undefined, base: Evaluation | undefined): void => {
    if (!evaluation) return
    blocks.push(text(`${title}, n = ${evaluation.n}${thresholdNote(evaluation.threshold, signature)}:`), scoreTable(evaluation.scores, base?.scores), ...otherThreshold(evaluation, signature))
    if (baseline && !base) blocks.push(gap(`the baseline was not judged on these ${one}s, so there is nothing to compare the figures with.`))
    if (evaluation.perClass) blocks.push({ kind: 'table', header: ['Class', 'n', 'Precision', 'Recall', 'F1'], rows: evaluation.perClass.map((row) => [cut(row.className), String(row.support), row.precision === null ? undefinedWords('never predicted') : number(row.precision), row.recall === null ? undefinedWords(`no such ${one}`) : number(row.recall), row.f1 === null ? undefinedWords('neither predicted nor there') : number(row.f1)]) })
    if (evaluation.warnings.length > 0) blocks.push(list(evaluation.warnings.map(cut)))
  }
  add(`Test ${one}s`, run.testEvaluation, baseline?.testEvaluation)
  add(`Validation ${one}s`, run.evaluation, baseline?.evaluation)
  if (!baseline) blocks.push(gap('no baseline was trained on the same target, so there is nothing to compare with.'))
  const judged = run.testEvaluation ?? run.evaluation
  blocks.push(...(judged ? figuresOf(judged, judged.part === 'test' ? 'test' : 'validation', one) : [gap('there is no evaluation, so there are no graphics of one.')]))
  blocks.push(...groupBlocks(by, signature), ...sliceBlocks(by, signature))
  return blocks
}
const thresholdNote = (threshold: number | undefined, signature: Signature): string => (threshold === undefined ? '' : `, threshold ${thresholdWords(threshold, signature.threshold)}`)
/** The test part is not looked at twice: its figures keep the threshold that it was opened with, and must not pass for those of another. */
function otherThreshold({ part, threshold }: Evaluation, signature: Signature): CardBlock[] {
  if (threshold === undefined || signature.threshold === undefined || threshold === signature.threshold) return []
  const [here, there] = [thresholdWords(threshold, signature.threshold), thresholdWords(signature.threshold, threshold)]
  return [{ kind: 'warning', text: `These figures are at the threshold ${here}; the model leaves with ${there}. ${part === 'test' ? `The test part was never judged at ${there}, and is not opened again for it.` : `What it does at ${there} is not known here.`}` }]
}

const metricLabel = (id: string): string => (metrics.has(id) ? metrics.get(id).label : id)
const scoreCells = (row: ScoreRow): string[] => [row.value === null ? undefinedWords(row.reason) : number(row.value), row.low === null || row.high === null ? '' : `${number(row.low)} to ${number(row.high)}`]
const partLabel: Readonly<Record<CardAnalyses['part'], string>> = { train: 'training', valid: 'validation', test: 'test' }

const mostUnjudged = 4
/** One table a column, metrics side by side. */
function groupBlocks({ groups, part, threshold }: CardAnalyses, signature: Signature): CardBlock[] {
  const one = noun(signature)
  const byColumns = new Map<string, GroupReport[]>()
  for (const report of groups) {
    const key = JSON.stringify(report.columns)
    byColumns.set(key, [...(byColumns.get(key) ?? []), report])
  }
  return [...byColumns.values()].flatMap((reports): CardBlock[] => {
    const first = reports[0] as GroupReport
    const names = first.columns.map(cut)
    const line = (head: readonly string[], n: number, rows: readonly (ScoreRow | undefined)[]): string[] => [...head, String(n), ...rows.flatMap((row) => (row ? scoreCells(row) : ['', '']))]
    const small = first.groups.filter(({ n }) => n < minimumGroup)
    // Two columns make many small groups, whose lines would say only that nothing can be said.
    const listed = small.length > mostUnjudged ? first.groups.filter(({ n }) => n >= minimumGroup) : first.groups
    const rows = listed.map((group) => line(group.values.map((value) => (value === null ? '(missing)' : cut(value))), group.n, reports.map((report) => report.groups[first.groups.indexOf(group)]?.score)))
    const all = line(names.map((_, i) => (i === 0 ? 'all' : '')), first.groups.reduce((sum, group) => sum + group.n, first.omitted.rows), reports.map((report) => report.overall))
    return [
      text(`${capital(partLabel[part])} ${one}s by ${names.join(' and ')}${thresholdNote(threshold, signature)}:`),
      { kind: 'table', header: [...names, 'n', ...reports.flatMap((report) => [metricLabel(report.metric), intervalWords])], rows: [...rows, all] },
      ...(small.length > mostUnjudged ? [text(`${small.length} groups of fewer than ${minimumGroup} ${one}s, ${small.reduce((sum, { n }) => sum + n, 0)} ${one}s together, are not judged.`)] : []),
      ...(first.omitted.groups > 0 ? [text(`${first.omitted.groups} smaller groups with ${first.omitted.rows} ${one}s together are not listed.`)] : []),
    ]
  })
}
function sliceBlocks({ slices, part, threshold }: CardAnalyses, signature: Signature): CardBlock[] {
  const one = noun(signature)
  if (slices.length === 0) return [gap(`nobody named a slice of ${one}s to look at.`)]
  const labels = (slices[0]?.scores ?? []).flatMap((row) => [metricLabel(row.metric), intervalWords])
  return [text(`Named slices of the ${partLabel[part]} ${one}s${thresholdNote(threshold, signature)}:`), { kind: 'table', header: ['Slice', 'n', ...labels], rows: slices.map((slice) => [cut(slice.name), String(slice.n), ...slice.scores.flatMap(scoreCells)]) }]
}

/** The same as data: sections and blocks, every gap by itself, and the figures behind the tables. */
export function cardJson(card: Card, { analyses: by, certificate, cost, run, signature, recipe, counts }: CardFacts): string {
  const gaps = card.sections.flatMap(({ title, blocks }) => blocks.flatMap((block) => (block.kind === 'gap' ? [{ section: title, text: block.text }] : [])))
  const training = { rows: counts.rows, missing: signature.inputs.map(({ name }, i) => ({ column: name, n: counts.missing[i] })), classes: counts.classes ? signature.classes.map((name, c) => ({ class: name, n: counts.classes?.[c] })) : null, target: counts.values ?? null }
  const judged = run.testEvaluation ?? run.evaluation
  const figures = { training, validation: run.evaluation?.scores ?? null, test: run.testEvaluation?.scores ?? null, testOpenings: run.testOpenings, thresholds: { model: signature.threshold ?? null, costRatio: signature.threshold === undefined ? null : costRatio(signature.threshold) ?? null, validation: run.evaluation?.threshold ?? null, test: run.testEvaluation?.threshold ?? null, groups: by.threshold ?? null }, part: by.part, graphics: judged ? figureNumbers(judged) : null, groups: by.groups, slices: by.slices, parity: certificate, cost }
  return `${JSON.stringify({ version: 1, title: card.title, parameters: run.spec.estimator.params, recipe: recipe.spec.steps, gaps, figures, sections: card.sections }, (key, value: unknown) => (key === 'plot' ? undefined : value), 2)}\n`
}
function scoreTable(scores: readonly ScoreRow[], baseline: readonly ScoreRow[] | undefined): CardBlock {
  return {
    kind: 'table',
    header: ['Metric', 'Value', intervalWords, ...(baseline ? ['Baseline'] : [])],
    rows: scores.map((row) => [metricLabel(row.metric), ...scoreCells(row), ...(baseline ? [scoreCells(baseline.find(({ metric }) => metric === row.metric) ?? unmeasured)[0] as string] : [])]),
  }
}
const unmeasured: ScoreRow = { metric: '', value: null, reason: 'not measured', low: null, high: null }
