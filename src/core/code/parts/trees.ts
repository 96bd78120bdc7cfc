/** Decision trees: as conditions that a person reads while they are few, as tables and a walk beyond. */
import { codesOfSet, treeCount, type Trees } from '../../estimators/tree/tree.ts'
import { number, table, type CodeLanguage, type LoopLanguage } from '../text.ts'
import { end, type Part, type PartCode } from './part.ts'

/** A condition on a feature, or a leaf with what it adds to each score. */
type Node =
  | { readonly leaf: readonly { readonly output: number; readonly value: number }[] }
  | { readonly feature: number; readonly threshold?: number; readonly codes?: readonly number[]; readonly missingYes: boolean; readonly yes: Node; readonly no: Node }

/** More conditions than this are written as tables. */
const mostConditions = 5000

function nodeAt(trees: Trees, tree: number, node: number): Node {
  const feature = trees.feature[node] as number
  if (feature < 0) return { leaf: Array.from({ length: trees.width }, (_, w) => ({ output: (trees.target[tree] as number) + w, value: trees.value[node * trees.width + w] as number })) }
  const set = trees.set[node] as number
  const test = set < 0 ? { threshold: trees.threshold[node] as number } : { codes: codesOfSet(trees, set) }
  return { feature, ...test, missingYes: trees.missingLeft[node] === 1, yes: nodeAt(trees, tree, trees.left[node] as number), no: nodeAt(trees, tree, trees.right[node] as number) }
}

interface Syntax {
  readonly x: (feature: number) => string
  readonly isMissing: (x: string) => string
  readonly or: string
  readonly equals: string
}
const c: Syntax = { x: (f) => `x[${f}]`, isMissing: (x) => `isnan(${x})`, or: '||', equals: '==' }
const syntaxes: Readonly<Record<CodeLanguage, Syntax>> = {
  c,
  javascript: { ...c, isMissing: (x) => `Number.isNaN(${x})`, equals: '===' },
  python: { ...c, or: 'or' },
  sql: { x: (f) => `f${f + 1}`, isMissing: (x) => `${x} IS NULL`, or: 'OR', equals: '=' },
}

function testText(node: Exclude<Node, { leaf: unknown }>, syntax: Syntax): string {
  const x = syntax.x(node.feature)
  const plain = node.codes ? node.codes.map((code) => `${x} ${syntax.equals} ${code}`).join(` ${syntax.or} `) : `${x} <= ${number(node.threshold as number)}`
  if (plain === '') return node.missingYes ? syntax.isMissing(x) : `${x} ${syntax.equals} -1`
  // A missing value fails every comparison by itself; in SQL it is neither, and CASE takes that for no.
  return node.missingYes ? `${syntax.isMissing(x)} ${syntax.or} ${plain}` : plain
}

function statements(node: Node, indent: string, language: LoopLanguage): string[] {
  if ('leaf' in node) return node.leaf.map(({ output, value }) => `${indent}s[${output}] += ${number(value)}${end(language)}`)
  const test = testText(node, syntaxes[language])
  const inner = (child: Node): string[] => statements(child, `${indent}${language === 'python' ? '    ' : '  '}`, language)
  if (language === 'python') return [`${indent}if ${test}:`, ...inner(node.yes), `${indent}else:`, ...inner(node.no)]
  return [`${indent}if (${test}) {`, ...inner(node.yes), `${indent}} else {`, ...inner(node.no), `${indent}}`]
}

const expression = (node: Node, output: number): string =>
  'leaf' in node ? number(node.leaf.find((part) => part.output === output)?.value ?? 0) : `CASE WHEN ${testText(node, syntaxes.sql)} THEN ${expression(node.yes, output)} ELSE ${expression(node.no, output)} END`

function asConditions(trees: Trees): Part {
  const nodes = Array.from({ length: treeCount(trees) }, (_, tree) => nodeAt(trees, tree, trees.start[tree] as number))
  const adds = (tree: number, output: number): boolean => output >= (trees.target[tree] as number) && output < (trees.target[tree] as number) + trees.width
  return {
    numbers: trees.feature.length,
    code: (language) => ({ body: nodes.flatMap((node) => statements(node, language === 'python' ? '    ' : '  ', language)) }),
    sql: (output) => {
      const own = nodes.filter((_, tree) => adds(tree, output))
      return own.length === 0 ? undefined : own.map((node) => expression(node, output)).join('\n    + ')
    },
  }
}

/** Nodes in lists: a leaf has feature -1, `set` -1 means a threshold, else bit c of set s says whether category c goes left. */
function asTables(trees: Trees): Part {
  const { width } = trees
  const tables = (language: LoopLanguage, n: string): string[] => [
    ...table(language, `${n}_start`, trees.start, { integers: true }),
    ...table(language, `${n}_target`, trees.target, { integers: true }),
    ...table(language, `${n}_feature`, trees.feature, { integers: true }),
    ...table(language, `${n}_threshold`, trees.threshold),
    ...table(language, `${n}_left`, trees.left, { integers: true }),
    ...table(language, `${n}_right`, trees.right, { integers: true }),
    ...table(language, `${n}_missing_left`, trees.missingLeft, { integers: true }),
    ...table(language, `${n}_set`, trees.set, { integers: true }),
    ...table(language, `${n}_set_start`, trees.setStart, { integers: true }),
    // Signed, so that they fit an int everywhere; the bits are the same.
    ...table(language, `${n}_set_bits`, Int32Array.from(trees.setBits, (word) => word | 0), { integers: true }),
    ...table(language, `${n}_value`, trees.value),
  ]
  const count = treeCount(trees)
  const code = (language: LoopLanguage, n: string): PartCode => {
    const declarations = tables(language, n)
    if (language === 'python') {
      return {
        declarations: [
          ...declarations,
          '',
          `def ${n}_left_of(node, v):`,
          `    if v != v:`,
          `        return ${n}_missing_left[node] == 1`,
          `    own = ${n}_set[node]`,
          `    if own < 0:`,
          `        return v <= ${n}_threshold[node]`,
          `    word = ${n}_set_start[own] + (int(v) >> 5)`,
          `    return word < ${n}_set_start[own + 1] and (${n}_set_bits[word] >> (int(v) & 31)) & 1 == 1`,
        ],
        body: [
          `    for tree in range(${count}):`,
          `        node = ${n}_start[tree]`,
          `        while ${n}_feature[node] >= 0:`,
          `            node = ${n}_left[node] if ${n}_left_of(node, x[${n}_feature[node]]) else ${n}_right[node]`,
          `        for w in range(${width}):`,
          `            s[${n}_target[tree] + w] += ${n}_value[node * ${width} + w]`,
        ],
      }
    }
    const js = language === 'javascript'
    const [int, same, e] = js ? ['let', '===', ''] : ['int', '==', ';']
    return {
      declarations: [
        ...declarations,
        js ? `function ${n}_left_of(node, v) {` : `static int ${n}_left_of(int node, float v) {`,
        `  if (v != v) return ${n}_missing_left[node] ${same} 1${e}`,
        `  ${int} own = ${n}_set[node]${e}`,
        `  if (own < 0) return v <= ${n}_threshold[node]${e}`,
        `  ${int} code = ${js ? 'v | 0' : '(int)v'}${e}`,
        `  ${int} word = ${n}_set_start[own] + (code >> 5)${e}`,
        `  return word < ${n}_set_start[own + 1] && ((${js ? '' : '(unsigned)'}${n}_set_bits[word] ${js ? '>>>' : '>>'} (code & 31)) & 1) ${same} 1${e}`,
        '}',
      ],
      body: [
        `  for (${int} tree = 0; tree < ${count}; tree++) {`,
        `    ${int} node = ${n}_start[tree]${e}`,
        `    while (${n}_feature[node] >= 0) node = ${n}_left_of(node, x[${n}_feature[node]]) ? ${n}_left[node] : ${n}_right[node]${e}`,
        `    for (${int} w = 0; w < ${width}; w++) s[${n}_target[tree] + w] += ${n}_value[node * ${width} + w]${e}`,
        '  }',
      ],
    }
  }
  return { numbers: trees.feature.length * (8 + width), code }
}

/** @param most conditions that are written out */
export const treesPart = (trees: Trees, most = mostConditions): Part => (trees.feature.length > most ? asTables(trees) : asConditions(trees))
