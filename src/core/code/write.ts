/** A model in JavaScript, Python, C or SQL, to be read and to be run; each language's text says how to call it. */
import type { CodePlan } from './plan.ts'
import { codeLanguages, inComment, number, type CodeLanguage } from './text.ts'

export { codeLanguages, type CodeLanguage } from './text.ts'
export const codeEndings: Readonly<Record<CodeLanguage, string>> = { javascript: 'mjs', python: 'py', c: 'c', sql: 'sql' }

/** A file that a bundle might have had, and why it has not. */
export interface LeftOutFile {
  readonly path: string
  readonly reason: string
}

/** Why a model is not written as one query; undefined where it is. */
export function sqlRefusal(plan: CodePlan): string | undefined {
  if (plan.link === 'coupled') return `unsupported language; pairs of classes are coupled by equations, which no query solves: ${plan.classes.length} classes`
  for (const { sql } of plan.parts) if ('refused' in sql) return sql.refused
  return undefined
}
export const languagesOf = (plan: CodePlan): readonly CodeLanguage[] => codeLanguages.filter((language) => language !== 'sql' || sqlRefusal(plan) === undefined)

/** @param language one of `languagesOf(plan)` */
export function modelCode(plan: CodePlan, language: CodeLanguage): string {
  return language === 'sql' ? sqlCode(plan) : language === 'python' ? pythonCode(plan) : braceCode(plan, language)
}

const head = (plan: CodePlan, comment: string, call: string): string =>
  [
    `${call}`,
    plan.classes.length > 0 ? `Answers probabilities, in this order: ${plan.classes.map((name) => inComment(name)).join(', ')}.` : 'Answers the value.',
    ...(plan.holdsRows ? ['IT CONTAINS ROWS OF THE TRAINING DATA, as the recipe prepared them: whoever may not see those may not see this file.'] : []),
    'Features, as the recipe prepares them, numbers in float32, categories as codes, missing as NaN (NULL in SQL):',
    ...plan.features.map((name, f) => `  ${f + 1}. ${inComment(name)}`),
  ]
    .map((line) => `${comment} ${line}`)
    .join('\n')

function braceCode(plan: CodePlan, language: 'javascript' | 'c'): string {
  const js = language === 'javascript'
  const k = plan.base.length
  const parts = plan.parts.map((part, i) => part.code(language, `m${i}`))
  const loop = (body: string): string => (js ? `for (let i = 0; i < ${k}; i++) ${body}` : `for (int i = 0; i < ${k}; i++) ${body};`)
  const sigmoid = (i: number, z: string): string => (js ? `s[${i}] = 1 / (1 + Math.exp(${z}))` : `s[${i}] = 1 / (1 + exp(${z}));`)
  const sigmoids = (): string[] => (plan.sigmoids ?? []).map(([a, b], i) => `  ${sigmoid(i, `${number(a)} * s[${i}] + ${number(b)}`)}`)
  const answer: string[] = {
    value: () => (js ? ['  return s[0]'] : ['  out[0] = s[0];']),
    exp: () => (js ? ['  return Math.exp(s[0])'] : ['  out[0] = exp(s[0]);']),
    shares: () => (js ? ['  return s'] : [`  ${loop('out[i] = s[i]')}`]),
    sigmoid: () => (js ? ['  const p = 1 / (1 + Math.exp(-s[0]))', '  return [1 - p, p]'] : ['  double p = 1 / (1 + exp(-s[0]));', '  out[0] = 1 - p;', '  out[1] = p;']),
    softmax: () =>
      js
        ? ['  const top = Math.max(...s)', '  const e = s.map((value) => Math.exp(value - top))', '  const total = e.reduce((sum, value) => sum + value, 0)', '  return e.map((value) => value / total)']
        : ['  double top = s[0], total = 0;', `  ${loop('if (s[i] > top) top = s[i]')}`, `  ${loop('total += (out[i] = exp(s[i] - top))')}`, `  ${loop('out[i] /= total')}`],
    platt: () => {
      const each = sigmoids()
      if (k === 1) return [...each, ...(js ? ['  return [1 - s[0], s[0]]'] : ['  out[0] = 1 - s[0];', '  out[1] = s[0];'])]
      return [...each, ...(js ? ['  const e = s.map((value) => Math.max(1e-12, value))', '  const total = e.reduce((sum, value) => sum + value, 0)', '  return e.map((value) => value / total)'] : ['  double total = 0;', `  ${loop('total += (out[i] = s[i] > 1e-12 ? s[i] : 1e-12)')}`, `  ${loop('out[i] /= total')}`])]
    },
    coupled: () => [...sigmoids(), ...coupling(plan.classes.length, js)],
  }[plan.link]()
  const base = plan.base.map(number).join(', ')
  const open = js ? ['export function predict(x) {', `  const s = [${base}]`] : ['void predict(const float *x, double *out) {', `  double s[${k}] = {${base}};`, ...(plan.parts.length === 0 ? ['  (void)x;'] : [])]
  return [
    head(plan, '//', js ? 'predict(x), x an array of the features.' : `predict(x, out), x the features, out room for ${Math.max(1, plan.classes.length)} doubles.`),
    ...(js ? [] : ['#include <math.h>', '']),
    ...parts.flatMap(({ declarations = [] }) => declarations),
    ...open,
    ...parts.flatMap(({ body }) => body),
    ...answer,
    '}',
    '',
  ].join('\n')
}

/** s says for each pair how likely its first class is: the shares that fit all pairs best solve a linear system. */
function coupling(k: number, js: boolean): string[] {
  const [int, real, end] = js ? ['let', 'const', ''] : ['int', 'double', ';']
  return [
    '  // Pairwise coupling (Wu, Lin & Weng 2004): a set of linear equations, solved line by line.',
    js ? `  const k = ${k}, a = Array.from({ length: k }, () => new Array(k + 1).fill(1))` : `  enum { k = ${k} };\n  double a[k][k + 1], total = 0;\n  for (int i = 0; i < k; i++) for (int j = 0; j <= k; j++) a[i][j] = 1;`,
    `  for (${int} i = 0, pair = 0; i < k; i++) {`,
    `    for (${int} j = i + 1; j < k; j++, pair++) {`,
    `      ${real} r = ${js ? 'Math.min(1 - 1e-7, Math.max(1e-7, s[pair]))' : 's[pair] < 1e-7 ? 1e-7 : s[pair] > 1 - 1e-7 ? 1 - 1e-7 : s[pair]'}${end}`,
    `      a[i][i] += (1 - r) * (1 - r)${end}`,
    `      a[j][j] += r * r${end}`,
    `      a[i][j] -= r * (1 - r)${end}`,
    `      a[j][i] -= r * (1 - r)${end}`,
    '    }',
    '  }',
    `  for (${int} c = 0; c < k; c++) {`,
    `    ${real} pivot = a[c][c]${end}`,
    `    for (${int} m = c; m <= k; m++) a[c][m] /= pivot${end}`,
    `    for (${int} i = 0; i < k; i++) {`,
    `      ${real} factor = i === c ? 0 : a[i][c]${end}`.replace('===', js ? '===' : '=='),
    `      for (${int} m = c; m <= k; m++) a[i][m] -= factor * a[c][m]${end}`,
    '    }',
    '  }',
    ...(js
      ? ['  const e = a.map((line) => Math.max(1e-12, line[k]))', '  const total = e.reduce((sum, value) => sum + value, 0)', '  return e.map((value) => value / total)']
      : ['  for (int i = 0; i < k; i++) total += (out[i] = a[i][k] > 1e-12 ? a[i][k] : 1e-12);', '  for (int i = 0; i < k; i++) out[i] /= total;']),
  ]
}

function pythonCode(plan: CodePlan): string {
  const parts = plan.parts.map((part, i) => part.code('python', `m${i}`))
  const sigmoids = (): string[] => (plan.sigmoids ?? []).map(([a, b], i) => `    s[${i}] = 1 / (1 + exp(min(700.0, ${number(a)} * s[${i}] + ${number(b)})))`)
  const answer: string[] = {
    value: () => ['    return s[0]'],
    exp: () => ['    return exp(s[0])'],
    shares: () => ['    return s'],
    sigmoid: () => ['    p = 1 / (1 + exp(-s[0])) if s[0] > -700 else 0.0', '    return [1 - p, p]'],
    softmax: () => ['    top = max(s)', '    e = [exp(value - top) for value in s]', '    return [value / sum(e) for value in e]'],
    platt: () => {
      const each = sigmoids()
      return plan.base.length === 1 ? [...each, '    return [1 - s[0], s[0]]'] : [...each, '    e = [max(1e-12, value) for value in s]', '    return [value / sum(e) for value in e]']
    },
    coupled: () => [
      ...sigmoids(),
      '    # Pairwise coupling (Wu, Lin & Weng 2004): a set of linear equations, solved line by line.',
      `    k = ${plan.classes.length}`,
      '    a = [[1.0] * (k + 1) for _ in range(k)]',
      '    for (i, j), share in zip(((i, j) for i in range(k) for j in range(i + 1, k)), s):',
      '        r = min(1 - 1e-7, max(1e-7, share))',
      '        a[i][i] += (1 - r) * (1 - r)',
      '        a[j][j] += r * r',
      '        a[i][j] -= r * (1 - r)',
      '        a[j][i] -= r * (1 - r)',
      '    for c in range(k):',
      '        a[c] = [value / a[c][c] for value in a[c]]',
      '        for i in range(k):',
      '            if i != c:',
      '                a[i] = [value - a[i][c] * line for value, line in zip(a[i], a[c])]',
      '    e = [max(1e-12, line[k]) for line in a]',
      '    return [value / sum(e) for value in e]',
    ],
  }[plan.link]()
  const declarations = parts.flatMap(({ declarations: own = [] }) => own)
  return [
    head(plan, '#', 'predict(x), x a sequence of the features.'),
    'from math import exp, inf, isnan, tanh',
    'from struct import pack, unpack',
    '',
    ...(declarations.length > 0 ? [...declarations, ''] : []),
    '',
    'def predict(x):',
    `    s = [${plan.base.map(number).join(', ')}]`,
    ...parts.flatMap(({ body }) => body),
    ...answer,
    '',
  ].join('\n')
}

/** One column a class, or `value`; scores are columns of a subquery, so that nothing is computed twice. */
function sqlCode(plan: CodePlan): string {
  const scores = plan.base.map((base, o) => [number(base), ...plan.parts.flatMap(({ sql }, i) => ('refused' in sql ? [] : (sql(o, `m${i}`) ?? [])))].join('\n    + '))
  const asked = plan.parts.flatMap(({ sqlWith }, i) => sqlWith?.(`m${i}`) ?? [])
  const all = plan.base.map((_, o) => `EXP(s${o + 1})`).join(' + ')
  const platt = plan.sigmoids?.map(([a, b], o) => `1 / (1 + EXP(${number(a)} * s${o + 1} + ${number(b)}))`) ?? []
  const floored = platt.map((share) => `CASE WHEN ${share} > 1e-12 THEN ${share} ELSE 1e-12 END`)
  const columns: string[] = {
    // Equations are more than a query can solve; languagesOf does not offer it.
    coupled: () => [],
    value: () => ['s1 AS value'],
    exp: () => ['EXP(s1) AS value'],
    shares: () => plan.base.map((_, o) => `s${o + 1} AS p${o + 1}`),
    sigmoid: () => ['1 - 1 / (1 + EXP(-s1)) AS p1', '1 / (1 + EXP(-s1)) AS p2'],
    softmax: () => plan.base.map((_, o) => `EXP(s${o + 1} - top) / (${all.replace(/EXP\((s\d+)\)/g, 'EXP($1 - top)')}) AS p${o + 1}`),
    platt: () => (plan.base.length === 1 ? [`1 - ${platt[0]} AS p1`, `${platt[0]} AS p2`] : floored.map((share, o) => `(${share}) / (${floored.map((part) => `(${part})`).join(' + ')}) AS p${o + 1}`)),
  }[plan.link]()
  const inner = ['  SELECT id,', scores.map((score, o) => `  (${score}) AS s${o + 1}`).join(',\n'), '  FROM features']
  // The largest first, so that no exponential overflows.
  const from = plan.link === 'softmax' ? ['  SELECT *, MAX(', plan.base.map((_, o) => `s${o + 1}`).join(', '), ') AS top FROM (', ...inner, '  ) AS summed'] : inner
  return [head(plan, '--', `A query on a table called features with columns id, f1 to f${plan.features.length}; answers ${columns.length} column${columns.length === 1 ? '' : 's'} beside id.${plan.link === 'softmax' ? ' MAX of several values is SQLite; others call it GREATEST.' : ''}`), ...(asked.length > 0 ? [`WITH RECURSIVE ${asked.join(',\n')}`] : []), `SELECT id, ${columns.join(', ')} FROM (`, ...from, ') AS scored;', ''].join('\n')
}
