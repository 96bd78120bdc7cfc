/**
 * The model card: what Mitchell et al. (Model Cards for Model Reporting, 2019) ask for, from what the
 * studio knows. What only a person can say and nobody wrote is a visible gap, never invented text.
 */
import type { Source } from '../data/dataset.ts'
import type { Evaluation, ScoreRow } from '../evaluate/evaluation.ts'
import { metrics } from '../metrics/registry.ts'
import type { ParityCertificate } from '../onnx/parity.ts'
import type { FittedRecipeState } from '../recipe/step.ts'
import type { Run } from '../run/run.ts'
import type { Signature } from './signature.ts'

export interface CardFacts {
  readonly run: Run
  readonly signature: Signature
  readonly recipe: FittedRecipeState
  readonly certificate: ParityCertificate
  readonly data: { readonly name: string; readonly rows: number; readonly source: Source; readonly warnings: readonly string[] }
  /** The baseline of the same project and target, where one was trained. */
  readonly baseline?: { readonly name: string; readonly evaluation: Evaluation }
  readonly estimator: { readonly label: string; readonly source: string }
  /** What the person wrote; empty where nothing. */
  readonly intendedUse: string
  readonly limitations: string
}
export type CardBlock =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'gap'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'table'; readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] }
export interface Card {
  readonly title: string
  readonly sections: readonly { readonly title: string; readonly blocks: readonly CardBlock[] }[]
}

const cut = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text)
const number = (value: number | null): string => (value === null ? 'undefined' : String(Number(value.toPrecision(4))))
const text = (value: string): CardBlock => ({ kind: 'text', text: value })
const gap = (what: string): CardBlock => ({ kind: 'gap', text: `Gap: ${what}` })
const list = (items: readonly string[]): CardBlock => ({ kind: 'list', items })
const written = (value: string, what: string): CardBlock => (value.trim() === '' ? gap(`nobody wrote ${what}.`) : text(value.trim()))

export function cardOf(facts: CardFacts): Card {
  const { run, signature, data } = facts
  return {
    title: `Model card: ${cut(signature.name)}`,
    sections: [
      { title: 'Model details', blocks: details(facts) },
      { title: 'Intended use', blocks: [written(facts.intendedUse, 'what this model is for and what it must not be used for')] },
      {
        title: 'Factors',
        blocks: [gap('no groups of people or circumstances are recorded here; look at the metrics by group in the studio before relying on the model for any of them.'), ...categoryFactors(signature)],
      },
      { title: 'Metrics', blocks: metricBlocks(signature) },
      { title: 'Evaluation data', blocks: evaluationData(run) },
      { title: 'Training data', blocks: trainingData(facts) },
      { title: 'Quantitative analyses', blocks: analyses(facts) },
      { title: 'Ethical considerations', blocks: [gap('nobody wrote which people this model touches, and what a wrong answer costs them.')] },
      {
        title: 'Caveats and recommendations',
        blocks: [
          written(facts.limitations, 'what is known not to work'),
          list([
            ...[...data.warnings, ...run.warnings].map(cut),
            'Probabilities are those of the training data: they hold only while new data look like it.',
            'Values outside the ranges of the signature are answered, but nothing was learnt there.',
          ]),
        ],
      },
    ],
  }
}

function details({ run, signature, certificate, estimator }: CardFacts): CardBlock[] {
  const rows: [string, string][] = [
    ['Task', `${signature.task}, target ${cut(signature.target)}`],
    ['Estimator', `${estimator.label}; ${estimator.source}`],
    ['Parameters', cut(JSON.stringify(run.spec.estimator.params))],
    ['Seed', String(run.spec.seed)],
    ['Run', `${run.name}, ${run.id}, ${new Date(run.createdAt).toISOString().slice(0, 10)}`],
    ['Data hash', run.dataHash],
    ['Made with', `Glasshouse ${run.environment.app}, backend ${run.environment.backend}`],
    ['Format', `ONNX, ${certificate.opset}`],
    ['Parity with the studio', `${certificate.rows} rows of ${certificate.part}: ${certificate.outputs.map((output) => `${output.output} differs by at most ${output.maxDifference.toExponential(2)} (allowed ${output.tolerance.toExponential(2)})`).join('; ')}; ${certificate.ties} ties, ${certificate.labelsDifferent} other labels; ${certificate.runtime}`],
  ]
  if (signature.threshold !== undefined) rows.splice(2, 0, ['Decision threshold', `${signature.threshold} on the probability of ${cut(signature.classes[1] ?? '')}${signature.threshold === 0.5 ? ' (the default; nobody chose another)' : ' (chosen by a person)'}`])
  return [{ kind: 'table', header: ['Detail', 'Value'], rows }]
}

function categoryFactors(signature: Signature): CardBlock[] {
  const names = signature.inputs.filter((input) => input.kind === 'categorical' || input.kind === 'boolean').map((input) => cut(input.name))
  return names.length === 0 ? [] : [text('Columns with groups that the model reads:'), list(names)]
}

function metricBlocks(signature: Signature): CardBlock[] {
  const used = metrics.all.filter((metric) => metric.tasks.includes(signature.task))
  return [text('Each figure comes with a 95 % interval: percentile bootstrap over rows.'), list(used.map((metric) => `${metric.label}: ${metric.help}`))]
}

function evaluationData(run: Run): CardBlock[] {
  const { split } = run.spec
  const blocks: CardBlock[] = [
    text(`Split: ${split.strategy.kind}${'column' in split.strategy ? ` by ${cut(split.strategy.column)}` : ''}, seed ${split.seed}; ${run.rows ? `${run.rows.train} rows for training, ${run.rows.valid} for validation, ${run.rows.test} for the test, ${run.rows.leftOut} left out` : 'sizes unknown'}.`),
    text(`The test part was opened ${run.testOpenings} time${run.testOpenings === 1 ? '' : 's'}.`),
  ]
  if (!run.testEvaluation) blocks.push(gap('the test part was never opened, so the figures below come from rows that helped to choose the model.'))
  return blocks
}

function trainingData({ run, data, recipe, signature }: CardFacts): CardBlock[] {
  const { source } = data
  return [
    text(`${cut(data.name)}: ${data.rows} rows, from ${cut(source.fileName)} (SHA-256 ${source.sha256}).${source.licence ? ` Licence: ${cut(source.licence)}.` : ''}${source.url ? ` Origin: ${cut(source.url)}.` : ''}`),
    ...(source.licence ? [] : [gap('the licence of the data is not recorded.')]),
    { kind: 'table', header: ['Column', 'Kind', 'Seen in training', 'May be missing'], rows: signature.inputs.map((input) => [cut(input.name), input.kind, seen(input), input.nullable ? 'yes' : 'no']) },
    ...(recipe.spec.steps.length > 0 ? [text('Recipe, fitted on training rows only:'), list(recipe.spec.steps.map((step) => cut(`${step.step} ${JSON.stringify(step.params)}`)))] : [text('No preparation: columns enter as they are.')]),
    ...(run.leftOut.length > 0 ? [text('Columns that the model does not read:'), list(run.leftOut.map(({ column, reason }) => `${cut(column)}: ${cut(reason)}`))] : []),
  ]
}
function seen(input: Signature['inputs'][number]): string {
  if (input.categories) return `${input.categories.length} categories`
  if (input.min === undefined || input.max === undefined) return input.labels ? input.labels.map(cut).join(', ') : ''
  const write = (value: number): string => (input.kind === 'datetime' ? new Date(value * 1000).toISOString().slice(0, 19) : number(value))
  return `${write(input.min)} to ${write(input.max)}`
}

function analyses({ run, baseline }: CardFacts): CardBlock[] {
  const blocks: CardBlock[] = []
  const add = (title: string, evaluation: Evaluation | undefined): void => {
    if (!evaluation) return
    blocks.push(text(`${title}, n = ${evaluation.n}${evaluation.threshold === undefined ? '' : `, threshold ${evaluation.threshold}`}:`), scoreTable(evaluation.scores, baseline?.evaluation.part === evaluation.part ? baseline.evaluation.scores : undefined))
    if (evaluation.perClass) blocks.push({ kind: 'table', header: ['Class', 'n', 'Precision', 'Recall', 'F1'], rows: evaluation.perClass.map((row) => [cut(row.className), String(row.support), number(row.precision), number(row.recall), number(row.f1)]) })
    if (evaluation.warnings.length > 0) blocks.push(list(evaluation.warnings.map(cut)))
  }
  add('Test rows', run.testEvaluation)
  add('Validation rows', run.evaluation)
  if (!baseline) blocks.push(gap('no baseline was trained on the same target, so there is nothing to compare with.'))
  blocks.push(gap('no figures for groups and their intersections are part of this card.'))
  return blocks
}
function scoreTable(scores: readonly ScoreRow[], baseline: readonly ScoreRow[] | undefined): CardBlock {
  const label = (id: string): string => (metrics.has(id) ? metrics.get(id).label : id)
  return {
    kind: 'table',
    header: ['Metric', 'Value', '95 % interval', ...(baseline ? ['Baseline'] : [])],
    rows: scores.map((row) => [
      label(row.metric),
      row.value === null ? `undefined: ${row.reason ?? ''}` : number(row.value),
      row.low === null || row.high === null ? '' : `${number(row.low)} to ${number(row.high)}`,
      ...(baseline ? [number(baseline.find((other) => other.metric === row.metric)?.value ?? null)] : []),
    ]),
  }
}

/** Text inside Markdown: nothing in it is markup, nothing in it starts a line. */
const markdown = (value: string): string => value.replace(/[\\`*_{}[\]()<>#+\-.!|~=&:$"'@]/g, (mark) => (mark === '<' ? '&lt;' : mark === '>' ? '&gt;' : mark === '&' ? '&amp;' : /[.,:()'"=@$-]/.test(mark) ? mark : `\\${mark}`)).replace(/[\r\n\u2028\u2029\0]+/g, ' ')

export function cardMarkdown(card: Card): string {
  const block = (item: CardBlock): string => {
    switch (item.kind) {
      case 'text':
        return safeStart(markdown(item.text))
      case 'gap':
        return `> **${markdown(item.text)}**`
      case 'list':
        return item.items.map((entry) => `- ${safeStart(markdown(entry))}`).join('\n')
      case 'table': {
        const line = (cells: readonly string[]): string => `| ${cells.map(markdown).join(' | ')} |`
        return [line(item.header), `|${' --- |'.repeat(item.header.length)}`, ...item.rows.map(line)].join('\n')
      }
    }
  }
  return [`# ${markdown(card.title)}`, ...card.sections.flatMap((section) => [`## ${section.title}`, ...section.blocks.map(block)])].join('\n\n') + '\n'
}
/** A line that would begin a list, a rule or a number is held back by an invisible mark. */
const safeStart = (line: string): string => (/^(\s*[-=]|\s*\d+\.|\s)/.test(line) ? `&#8203;${line}` : line)

const html = (value: string): string => value.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`).replaceAll('\0', '\ufffd')

/** One file without a script, a style sheet from elsewhere, or a link: it opens anywhere and fetches nothing. */
export function cardHtml(card: Card): string {
  const block = (item: CardBlock): string => {
    switch (item.kind) {
      case 'text':
        return `<p>${html(item.text)}</p>`
      case 'gap':
        return `<p class="gap">${html(item.text)}</p>`
      case 'list':
        return `<ul>${item.items.map((entry) => `<li>${html(entry)}</li>`).join('')}</ul>`
      case 'table': {
        const row = (cells: readonly string[], tag: 'td' | 'th'): string => `<tr>${cells.map((cell) => `<${tag}>${html(cell)}</${tag}>`).join('')}</tr>`
        return `<table><thead>${row(item.header, 'th')}</thead><tbody>${item.rows.map((cells) => row(cells, 'td')).join('')}</tbody></table>`
      }
    }
  }
  const body = card.sections.map((section) => `<section><h2>${html(section.title)}</h2>${section.blocks.map(block).join('\n')}</section>`).join('\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${html(card.title)}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere }
table { border-collapse: collapse; display: block; overflow-x: auto; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: 0.3rem 0.8rem; border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent) }
.gap { border-left: 4px solid #c2410c; padding-left: 0.8rem; font-weight: 600 }
</style>
</head>
<body>
<h1>${html(card.title)}</h1>
${body}
</body>
</html>
`
}
