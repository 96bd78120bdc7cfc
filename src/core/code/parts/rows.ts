/** Models that keep rows: kernel machines, and nearest neighbours. No SQL: it would be a query a row that is kept. */
import { number, table, type LoopLanguage } from '../text.ts'
import type { Part, PartCode } from './part.ts'

const refused = (rows: number): { readonly refused: string } => ({ refused: `unsupported language; models that compare with rows they keep are not written in SQL: ${rows} rows` })

export interface KernelMachine {
  readonly kind: 'rbf' | 'linear'
  readonly gamma: number
  /** Row-major, shape (vectors, features). */
  readonly vectors: Float32Array
  readonly features: number
  /** Row-major, shape (outputs, vectors). */
  readonly coefficients: Float64Array
  readonly outputs: number
}

export function kernelPart({ kind, gamma, vectors, features: p, coefficients, outputs }: KernelMachine): Part {
  const count = vectors.length / p
  const across = Float64Array.from(coefficients, (_, at) => coefficients[(at % outputs) * count + Math.floor(at / outputs)] as number)
  const code = (language: LoopLanguage, n: string): PartCode => {
    const declarations = [...table(language, `${n}_vectors`, vectors, { width: p }), ...table(language, `${n}_weights`, across, { width: outputs })]
    const rbf = kind === 'rbf'
    if (language === 'python') {
      return {
        declarations,
        body: [
          `    for v, weights in zip(${n}_vectors, ${n}_weights):`,
          rbf ? `        k = exp(-${number(gamma)} * sum((a - b) * (a - b) for a, b in zip(v, x)))` : '        k = sum(a * b for a, b in zip(v, x))',
          '        for o, w in enumerate(weights):',
          '            s[o] += w * k',
        ],
      }
    }
    const js = language === 'javascript'
    const [int, double, e] = js ? ['let', 'let', ''] : ['int', 'double', ';']
    return {
      declarations,
      body: [
        `  for (${int} i = 0; i < ${count}; i++) {`,
        `    ${double} k = 0${e}`,
        rbf
          ? `    for (${int} j = 0; j < ${p}; j++) k += (${n}_vectors[i][j] - x[j]) * (${n}_vectors[i][j] - x[j])${e}`
          : `    for (${int} j = 0; j < ${p}; j++) k += ${n}_vectors[i][j] * x[j]${e}`,
        ...(rbf ? [`    k = ${js ? 'Math.exp' : 'exp'}(-${number(gamma)} * k)${e}`] : []),
        `    for (${int} o = 0; o < ${outputs}; o++) s[o] += ${n}_weights[i][o] * k${e}`,
        '  }',
      ],
    }
  }
  return { numbers: vectors.length + coefficients.length, code, sql: refused(count) }
}

export interface Neighbours {
  readonly k: number
  readonly byDistance: boolean
  readonly features: number
  /** Row-major, shape (rows, features). */
  readonly points: Float32Array
  /** Shape (rows): class index or value. */
  readonly answers: Float64Array
  /** Shape (rows). */
  readonly votes: Float64Array
  readonly classes: number
}

/** Squared distances as |p|^2 - 2 p x + |x|^2, told apart at float32 as the studio does; of equal ones the earlier row is nearer. */
export function neighboursPart({ k, byDistance, features: p, points, answers, votes, classes }: Neighbours): Part {
  const count = answers.length
  const regression = classes === 0
  const code = (language: LoopLanguage, n: string): PartCode => {
    const declarations = [...table(language, `${n}_points`, points, { width: p }), ...table(language, `${n}_answers`, answers, { type: regression ? 'double' : 'int' }), ...table(language, `${n}_votes`, votes)]
    if (language === 'python') {
      return {
        declarations: [
          ...declarations,
          '',
          `def ${n}_far(point, x):`,
          '    far = sum(a * a for a in point) - 2 * sum(a * b for a, b in zip(point, x)) + sum(b * b for b in x)',
          '    return unpack("f", pack("f", min(max(far, 0.0), 3.4028234663852886e38)))[0]',
        ],
        body: [
          `    near = sorted(range(${count}), key=lambda i: (${n}_far(${n}_points[i], x), i))[:${k}]`,
          `    say = [${n}_votes[i] for i in near]`,
          ...(byDistance
            ? [
                `    away = [sum((a - b) * (a - b) for a, b in zip(${n}_points[i], x)) ** 0.5 for i in near]`,
                '    same = 0.0 in away',
                '    say = [v * ((1.0 if d == 0 else 0.0) if same else 1 / d) for v, d in zip(say, away)]',
              ]
            : []),
          '    for i, v in zip(near, say):',
          regression ? `        s[0] += v * ${n}_answers[i] / sum(say)` : `        s[${n}_answers[i]] += v / sum(say)`,
        ],
      }
    }
    if (language === 'javascript') {
      return {
        declarations: [
          ...declarations,
          `function ${n}_far(point, x) {`,
          '  let own = 0, product = 0, other = 0',
          `  for (let j = 0; j < ${p}; j++) {`,
          '    own += point[j] * point[j]',
          '    product += point[j] * x[j]',
          '    other += x[j] * x[j]',
          '  }',
          '  return Math.fround(Math.min(Math.max(own - 2 * product + other, 0), 3.4028234663852886e38))',
          '}',
        ],
        body: [
          `  const far = ${n}_points.map((point) => ${n}_far(point, x))`,
          `  const near = far.map((_, i) => i).sort((a, b) => far[a] - far[b] || a - b).slice(0, ${k})`,
          ...(byDistance
            ? [
                `  const away = near.map((i) => Math.sqrt(${n}_points[i].reduce((sum, value, j) => sum + (value - x[j]) ** 2, 0)))`,
                '  const same = away.includes(0)',
                `  const say = near.map((i, at) => ${n}_votes[i] * (same ? (away[at] === 0 ? 1 : 0) : 1 / away[at]))`,
              ]
            : [`  const say = near.map((i) => ${n}_votes[i])`]),
          '  const total = say.reduce((sum, value) => sum + value, 0)',
          regression ? `  near.forEach((i, at) => (s[0] += (say[at] * ${n}_answers[i]) / total))` : `  near.forEach((i, at) => (s[${n}_answers[i]] += say[at] / total))`,
        ],
      }
    }
    return {
      declarations: [
        ...declarations,
        `static float ${n}_far(const double *point, const float *x) {`,
        '  double own = 0, product = 0, other = 0;',
        `  for (int j = 0; j < ${p}; j++) {`,
        '    own += point[j] * point[j];',
        '    product += point[j] * x[j];',
        '    other += (double)x[j] * x[j];',
        '  }',
        '  return (float)fmin(fmax(own - 2 * product + other, 0), 3.4028234663852886e38);',
        '}',
      ],
      body: [
        `  int near[${k}];`,
        `  float far[${k}];`,
        '  int held = 0;',
        `  for (int i = 0; i < ${count}; i++) {`,
        `    float d = ${n}_far(${n}_points[i], x);`,
        `    int at = held < ${k} ? held++ : ${k};`,
        `    while (at > 0 && far[at - 1] > d) {`,
        `      if (at < ${k}) { far[at] = far[at - 1]; near[at] = near[at - 1]; }`,
        '      at--;',
        '    }',
        `    if (at < ${k}) { far[at] = d; near[at] = i; }`,
        '  }',
        `  double say[${k}], total = 0;`,
        `  for (int a = 0; a < ${k}; a++) say[a] = ${n}_votes[near[a]];`,
        ...(byDistance
          ? [
              `  double away[${k}];`,
              '  int same = 0;',
              `  for (int a = 0; a < ${k}; a++) {`,
              '    double sum = 0;',
              `    for (int j = 0; j < ${p}; j++) sum += (${n}_points[near[a]][j] - x[j]) * (${n}_points[near[a]][j] - x[j]);`,
              '    away[a] = sqrt(sum);',
              '    same |= sum == 0;',
              '  }',
              `  for (int a = 0; a < ${k}; a++) say[a] *= same ? (away[a] == 0 ? 1 : 0) : 1 / away[a];`,
            ]
          : []),
        `  for (int a = 0; a < ${k}; a++) total += say[a];`,
        regression ? `  for (int a = 0; a < ${k}; a++) s[0] += say[a] * ${n}_answers[near[a]] / total;` : `  for (int a = 0; a < ${k}; a++) s[${n}_answers[near[a]]] += say[a] / total;`,
      ],
    }
  }
  return { numbers: points.length + 2 * count, code, sql: refused(count) }
}
