/** Dense layers, one after the other; no SQL, which has no loops. */
import { layersOf, type Activation, type Sizes } from '../../estimators/neural/dense.ts'
import { number, table, type LoopLanguage } from '../text.ts'
import type { Part, PartCode } from './part.ts'

/** @param scale, center what the last layer's numbers are multiplied by and moved to */
export function networkPart(theta: Float32Array, sizes: Sizes, activation: Activation, scale: number, center: number): Part {
  const layers = layersOf(sizes)
  const outputs = sizes.at(-1) as number
  const widest = Math.max(...sizes)
  const code = (language: LoopLanguage, n: string): PartCode => {
    const declarations = layers.flatMap((layer, i) => [
      ...table(language, `${n}_weights_${i}`, theta.subarray(layer.weights, layer.biases), { width: layer.outputs }),
      ...table(language, `${n}_biases_${i}`, theta.subarray(layer.biases, layer.biases + layer.outputs)),
    ])
    const bend = (value: string): string => {
      if (activation === 'tanh') return `${language === 'javascript' ? 'Math.tanh' : 'tanh'}(${value})`
      // Python's exp refuses what the others call infinite.
      if (activation === 'logistic' && language === 'python') return `(1 / (1 + exp(-${value})) if ${value} > -700 else 0.0)`
      if (activation === 'logistic') return `1 / (1 + ${language === 'javascript' ? 'Math.exp' : 'exp'}(-${value}))`
      return language === 'python' ? `max(0.0, ${value})` : `(${value} > 0 ? ${value} : 0)`
    }
    if (language === 'python') {
      declarations.push('', `def ${n}_layer(inputs, weights, biases):`, '    return [b + sum(a * row[o] for a, row in zip(inputs, weights)) for o, b in enumerate(biases)]')
      return {
        declarations,
        body: [
          '    h = x',
          ...layers.flatMap((_, i) => [`    h = ${n}_layer(h, ${n}_weights_${i}, ${n}_biases_${i})`, ...(i + 1 < layers.length ? [`    h = [${bend('v')} for v in h]`] : [])]),
          `    s = [${number(center)} + ${number(scale)} * v for v in h]`,
        ],
      }
    }
    if (language === 'javascript') {
      declarations.push(`const ${n}_layer = (inputs, weights, biases) => biases.map((b, o) => weights.reduce((sum, row, j) => sum + inputs[j] * row[o], b))`)
      return {
        declarations,
        body: [
          '  let h = x',
          ...layers.flatMap((_, i) => [`  h = ${n}_layer(h, ${n}_weights_${i}, ${n}_biases_${i})`, ...(i + 1 < layers.length ? [`  h = h.map((v) => ${bend('v')})`] : [])]),
          `  h.forEach((v, o) => (s[o] = ${number(center)} + ${number(scale)} * v))`,
        ],
      }
    }
    return {
      declarations,
      body: [
        `  double a[${widest}], b[${widest}];`,
        `  for (int j = 0; j < ${sizes[0]}; j++) a[j] = x[j];`,
        ...layers.flatMap((layer, i) => [
          `  for (int o = 0; o < ${layer.outputs}; o++) {`,
          `    double v = ${n}_biases_${i}[o];`,
          `    for (int j = 0; j < ${layer.inputs}; j++) v += a[j] * ${n}_weights_${i}[j][o];`,
          `    b[o] = ${i + 1 < layers.length ? bend('v') : 'v'};`,
          '  }',
          `  for (int o = 0; o < ${layer.outputs}; o++) a[o] = b[o];`,
        ]),
        `  for (int o = 0; o < ${outputs}; o++) s[o] = ${number(center)} + ${number(scale)} * a[o];`,
      ],
    }
  }
  return { numbers: theta.length, code, sql: { refused: `unsupported language; networks are not written in SQL, whose one query has no place for what their layers pass on: ${theta.length} weights` } }
}
