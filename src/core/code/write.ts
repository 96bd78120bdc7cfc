/** A model in JavaScript, Python, C or SQL, to be read and to be run; each language's text says how to call it. */
import type { CodeNode, CodePlan } from './plan.ts'

export const codeLanguages = ['javascript', 'python', 'c', 'sql'] as const
export type CodeLanguage = (typeof codeLanguages)[number]
export const codeEndings: Readonly<Record<CodeLanguage, string>> = { javascript: 'mjs', python: 'py', c: 'c', sql: 'sql' }

/** Every double again; JavaScript's shortest form is one. */
const number = (value: number): string => (Number.isInteger(value) && Math.abs(value) < 1e15 ? `${value}.0` : String(value))
/** Names of the data in a comment: one line, nothing that ends it. */
const inComment = (name: string): string => JSON.stringify(name).replaceAll('*/', '* /').replace(/[^\x20-\x7e]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`).slice(0, 120)

interface Syntax {
  readonly comment: string
  readonly x: (feature: number) => string
  readonly isMissing: (x: string) => string
  readonly not: (test: string) => string
  readonly and: string
  readonly or: string
  readonly equals: string
}
const c: Syntax = { comment: '//', x: (f) => `x[${f}]`, isMissing: (x) => `isnan(${x})`, not: (t) => `!${t}`, and: '&&', or: '||', equals: '==' }
const syntaxes: Readonly<Record<CodeLanguage, Syntax>> = {
  c,
  javascript: { ...c, isMissing: (x) => `Number.isNaN(${x})`, equals: '===' },
  python: { ...c, comment: '#', isMissing: (x) => `isnan(${x})`, not: (t) => `not ${t}`, and: 'and', or: 'or' },
  sql: { ...c, comment: '--', x: (f) => `f${f + 1}`, isMissing: (x) => `${x} IS NULL`, not: (t) => `NOT ${t}`, and: 'AND', or: 'OR', equals: '=' },
}

function testText(node: Exclude<CodeNode, { leaf: unknown }>, syntax: Syntax): string {
  const x = syntax.x(node.feature)
  const plain = node.codes ? (node.codes.length === 0 ? '' : node.codes.map((code) => `${x} ${syntax.equals} ${code}`).join(` ${syntax.or} `)) : `${x} <= ${number(node.threshold as number)}`
  if (plain === '') return node.missingYes ? syntax.isMissing(x) : `${x} ${syntax.equals} -1`
  // A missing value fails every comparison by itself; in SQL it is neither, and CASE takes that for no.
  return node.missingYes ? `${syntax.isMissing(x)} ${syntax.or} ${plain}` : plain
}

/** @param language one of `codeLanguages` */
export function modelCode(plan: CodePlan, language: CodeLanguage): string {
  return language === 'sql' ? sqlCode(plan) : language === 'python' ? pythonCode(plan) : braceCode(plan, language)
}

const head = (plan: CodePlan, comment: string, call: string): string =>
  [
    `${call}`,
    plan.classes.length > 0 ? `Answers probabilities, in this order: ${plan.classes.map(inComment).join(', ')}.` : 'Answers the value.',
    'Features, as the recipe prepares them, numbers in float32, categories as codes, missing as NaN (NULL in SQL):',
    ...plan.features.map((name, f) => `  ${f + 1}. ${inComment(name)}`),
  ]
    .map((line) => `${comment} ${line}`)
    .join('\n')

function statements(node: CodeNode, indent: string, language: 'javascript' | 'c' | 'python'): string[] {
  const end = language === 'c' ? ';' : ''
  if ('leaf' in node) return node.leaf.map(({ output, value }) => `${indent}s[${output}] += ${number(value)}${end}`)
  const test = testText(node, syntaxes[language])
  const inner = (child: CodeNode): string[] => statements(child, `${indent}${language === 'python' ? '    ' : '  '}`, language)
  if (language === 'python') return [`${indent}if ${test}:`, ...inner(node.yes), `${indent}else:`, ...inner(node.no)]
  return [`${indent}if (${test}) {`, ...inner(node.yes), `${indent}} else {`, ...inner(node.no), `${indent}}`]
}

const linearTerms = (plan: CodePlan, output: number, syntax: Syntax): string[] =>
  (plan.coefficients?.[output] ?? []).flatMap((w, f) => (w === 0 ? [] : [`${number(w)} * ${syntax.x(f)}`]))

function braceCode(plan: CodePlan, language: 'javascript' | 'c'): string {
  const js = language === 'javascript'
  const k = plan.base.length
  const end = js ? '' : ';'
  const lines: string[] = []
  plan.base.forEach((_, o) => {
    for (const term of linearTerms(plan, o, syntaxes[language])) lines.push(`  s[${o}] += ${term}${end}`)
  })
  for (const tree of plan.trees ?? []) lines.push(...statements(tree, '  ', language))
  const loop = (body: string): string => (js ? `for (let i = 0; i < ${k}; i++) ${body}` : `for (int i = 0; i < ${k}; i++) ${body};`)
  const answer: string[] = {
    value: js ? ['  return s[0]'] : ['  out[0] = s[0];'],
    shares: js ? ['  return s'] : [`  ${loop('out[i] = s[i]')}`],
    sigmoid: js ? ['  const p = 1 / (1 + Math.exp(-s[0]))', '  return [1 - p, p]'] : ['  double p = 1 / (1 + exp(-s[0]));', '  out[0] = 1 - p;', '  out[1] = p;'],
    softmax: js
      ? ['  const top = Math.max(...s)', '  const e = s.map((value) => Math.exp(value - top))', '  const total = e.reduce((sum, value) => sum + value, 0)', '  return e.map((value) => value / total)']
      : ['  double top = s[0], total = 0;', `  ${loop('if (s[i] > top) top = s[i]')}`, `  ${loop('total += (out[i] = exp(s[i] - top))')}`, `  ${loop('out[i] /= total')}`],
  }[plan.link]
  const base = plan.base.map(number).join(', ')
  const open = js ? ['export function predict(x) {', `  const s = [${base}]`] : ['#include <math.h>', '', 'void predict(const float *x, double *out) {', `  double s[${k}] = {${base}};`]
  return [head(plan, '//', js ? 'predict(x), x an array of the features.' : `predict(x, out), x the features, out room for ${Math.max(1, plan.classes.length)} doubles.`), ...open, ...lines, ...answer, '}', ''].join('\n')
}

function pythonCode(plan: CodePlan): string {
  const lines: string[] = []
  plan.base.forEach((_, o) => {
    for (const term of linearTerms(plan, o, syntaxes.python)) lines.push(`    s[${o}] += ${term}`)
  })
  for (const tree of plan.trees ?? []) lines.push(...statements(tree, '    ', 'python'))
  const answer: string[] = {
    value: ['    return s[0]'],
    shares: ['    return s'],
    sigmoid: ['    p = 1 / (1 + exp(-s[0])) if s[0] > -700 else 0.0', '    return [1 - p, p]'],
    softmax: ['    top = max(s)', '    e = [exp(value - top) for value in s]', '    return [value / sum(e) for value in e]'],
  }[plan.link]
  return [head(plan, '#', 'predict(x), x a sequence of the features.'), 'from math import exp, isnan', '', '', 'def predict(x):', `    s = [${plan.base.map(number).join(', ')}]`, ...lines, ...answer, ''].join('\n')
}

/** One column a class, or `value`; scores are columns of a subquery, so that nothing is computed twice. */
function sqlCode(plan: CodePlan): string {
  const expression = (node: CodeNode, output: number): string => {
    if ('leaf' in node) return number(node.leaf.find((part) => part.output === output)?.value ?? 0)
    return `CASE WHEN ${testText(node, syntaxes.sql)} THEN ${expression(node.yes, output)} ELSE ${expression(node.no, output)} END`
  }
  const adds = (node: CodeNode, output: number): boolean => ('leaf' in node ? node.leaf.some((part) => part.output === output) : adds(node.yes, output) || adds(node.no, output))
  const scores = plan.base.map((base, o) => [number(base), ...linearTerms(plan, o, syntaxes.sql), ...(plan.trees ?? []).filter((tree) => adds(tree, o)).map((tree) => expression(tree, o))].join('\n    + '))
  const all = plan.base.map((_, o) => `EXP(s${o + 1})`).join(' + ')
  const columns: string[] = {
    value: ['s1 AS value'],
    shares: plan.base.map((_, o) => `s${o + 1} AS p${o + 1}`),
    sigmoid: ['1 - 1 / (1 + EXP(-s1)) AS p1', '1 / (1 + EXP(-s1)) AS p2'],
    softmax: plan.base.map((_, o) => `EXP(s${o + 1}) / (${all}) AS p${o + 1}`),
  }[plan.link]
  return [head(plan, '--', `A query on a table called features with columns id, f1 to f${plan.features.length}; answers ${columns.length} column${columns.length === 1 ? '' : 's'} beside id.`), `SELECT id, ${columns.join(', ')} FROM (`, '  SELECT id,', scores.map((score, o) => `  (${score}) AS s${o + 1}`).join(',\n'), '  FROM features', ') AS scored;', ''].join('\n')
}
