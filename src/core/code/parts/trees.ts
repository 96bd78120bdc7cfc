/** Decision trees: as conditions that a person reads while they are few, as tables and a walk beyond. */
import { codesOfSet, treeCount, type Trees } from '../../estimators/tree/tree.ts'
import { number, table, type CodeLanguage, type LoopLanguage } from '../text.ts'
import { end, type Part, type PartCode } from './part.ts'

/** A condition on a feature, or a leaf with what it adds to each score. */
type Node =
  | { readonly leaf: readonly { readonly output: number; readonly value: number }[] }
  | { readonly feature: number; readonly threshold?: number; readonly codes?: readonly number[]; readonly missingYes: boolean; readonly yes: Node; readonly no: Node }

/** More nodes than this are written as tables, and walked. */
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
  readonly isThere: (x: string) => string
  readonly or: string
  readonly equals: string
}
const c: Syntax = { x: (f) => `x[${f}]`, isMissing: (x) => `isnan(${x})`, isThere: (x) => `!isnan(${x})`, or: '||', equals: '==' }
const syntaxes: Readonly<Record<CodeLanguage, Syntax>> = {
  c,
  javascript: { ...c, isMissing: (x) => `Number.isNaN(${x})`, isThere: (x) => `!Number.isNaN(${x})`, equals: '===' },
  python: { ...c, isThere: (x) => `not isnan(${x})`, or: 'or' },
  sql: { x: (f) => `f${f + 1}`, isMissing: (x) => `${x} IS NULL`, isThere: (x) => `${x} IS NOT NULL`, or: 'OR', equals: '=' },
}
const largestFloat = 3.4028234663852886e38
/** Whether a value is at most a float32 threshold: a split of "there" against "missing" has an infinite one, which SQL cannot write. */
function upTo(threshold: number, x: string, { isThere }: Syntax): string {
  if (Number.isFinite(threshold)) return `${x} <= ${number(threshold)}`
  return threshold > 0 ? isThere(x) : `${x} < ${number(-largestFloat)}`
}

function testText(node: Exclude<Node, { leaf: unknown }>, syntax: Syntax): string {
  const x = syntax.x(node.feature)
  const plain = node.codes ? node.codes.map((code) => `${x} ${syntax.equals} ${code}`).join(` ${syntax.or} `) : upTo(node.threshold as number, x, syntax)
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

/** Nodes in lists, each tree from its root on, the node on the left behind its parent. */
interface Lists {
  readonly start: readonly number[]
  /** -1 for a leaf, else 4 x feature + 2 where categories are asked for + 1 where missing goes left. */
  readonly test: Int32Array
  /** Threshold, or number of a set: bit c of set s says whether category c goes left. */
  readonly cut: Float32Array
  /** The node on the right; of a leaf, where its values begin. */
  readonly next: Int32Array
  readonly leaf: Float64Array
}
function listsOf(trees: Trees): Lists {
  const nodes = trees.feature.length
  const lists = { start: [] as number[], test: new Int32Array(nodes).fill(-1), cut: new Float32Array(nodes), next: new Int32Array(nodes) }
  const leaf: number[] = []
  let at = 0
  for (let tree = 0; tree < treeCount(trees); tree++) {
    lists.start.push(at)
    // Pairs of a node and the place that has to know where it lies; the left one is taken first.
    const open: [node: number, parent: number][] = [[trees.start[tree] as number, -1]]
    for (let top = open.pop(); top; top = open.pop()) {
      const [node, parent] = top
      if (parent >= 0) lists.next[parent] = at
      const feature = trees.feature[node] as number
      if (feature < 0) {
        lists.next[at] = leaf.length
        for (let w = 0; w < trees.width; w++) leaf.push(trees.value[node * trees.width + w] as number)
      } else {
        const set = trees.set[node] as number
        lists.test[at] = feature * 4 + (set < 0 ? 0 : 2) + (trees.missingLeft[node] as number)
        lists.cut[at] = set < 0 ? (trees.threshold[node] as number) : set
        open.push([trees.right[node] as number, at], [trees.left[node] as number, -1])
      }
      at++
    }
  }
  return { ...lists, leaf: Float64Array.from(leaf) }
}

/** Rows of a query without a table, some on a line. */
function valuesOf(rows: readonly string[]): string {
  const lines: string[] = []
  for (let at = 0; at < rows.length; at += 16) lines.push(rows.slice(at, at + 16).join(', '))
  return lines.join(',\n  ')
}

/** NULL lies above every value that is there. */
const cutText = (cut: number): string => (cut === Number.POSITIVE_INFINITY ? 'NULL' : number(Math.max(cut, -Number.MAX_VALUE)))

/** The same walk as a query: each row stands at a node of each tree, and goes on until all are at leaves. */
function sqlWalk(trees: Trees, name: string): string[] {
  const { start, test, cut, next, leaf } = listsOf(trees)
  const nodes = Array.from(test, (own, node) => `(${node}, ${own < 0 ? -1 : own >> 2}, ${own < 0 ? 0 : (own >> 1) & 1}, ${own < 0 ? 0 : own & 1}, ${cutText(cut[node] as number)}, ${next[node]})`)
  const codes = Array.from({ length: trees.setStart.length - 1 }, (_, set) => codesOfSet(trees, set).map((code) => `(${set}, ${code})`)).flat()
  const used = [...new Set(Array.from(test).filter((own) => own >= 0).map((own) => own >> 2))].sort((a, b) => a - b)
  const x = used.length === 0 ? 'NULL' : `CASE n.feature ${used.map((feature) => `WHEN ${feature} THEN f.f${feature + 1}`).join(' ')} END`
  const isIn = codes.length === 0 ? '0 = 1' : `EXISTS (SELECT 1 FROM ${name}_sets AS c WHERE c.number = n.cut AND c.code = ${x})`
  const leaves = trees.width === 1 ? Array.from(leaf, (value, at) => `(${at}, 0, ${number(value)})`) : Array.from(leaf, (value, at) => `(${at - (at % trees.width)}, ${at % trees.width}, ${number(value)})`)
  return [
    `${name}_trees (tree, root, target) AS (VALUES\n  ${valuesOf(start.map((root, tree) => `(${tree}, ${root}, ${trees.target[tree]})`))})`,
    `${name}_nodes (node, feature, is_set, missing_left, cut, next) AS (VALUES\n  ${valuesOf(nodes)})`,
    `${name}_leaves (place, w, value) AS (VALUES\n  ${valuesOf(leaves)})`,
    ...(codes.length === 0 ? [] : [`${name}_sets (number, code) AS (VALUES\n  ${valuesOf(codes)})`]),
    `${name}_walk (id, target, node) AS (
  SELECT features.id, t.target, t.root FROM features, ${name}_trees AS t
  UNION ALL
  SELECT w.id, w.target, CASE WHEN CASE WHEN ${x} IS NULL THEN n.missing_left = 1 WHEN n.is_set = 1 THEN ${isIn} ELSE n.cut IS NULL OR ${x} <= n.cut END THEN n.node + 1 ELSE n.next END
  FROM ${name}_walk AS w JOIN ${name}_nodes AS n ON n.node = w.node JOIN features AS f ON f.id = w.id
  WHERE n.feature >= 0)`,
    `${name}_scores (id, output, value) AS (
  SELECT w.id, w.target + l.w, SUM(l.value)
  FROM ${name}_walk AS w JOIN ${name}_nodes AS n ON n.node = w.node JOIN ${name}_leaves AS l ON l.place = n.next
  WHERE n.feature < 0 GROUP BY w.id, w.target + l.w)`,
  ]
}

function asTables(trees: Trees): Part {
  const { width } = trees
  const count = treeCount(trees)
  const leaves = trees.feature.reduce((sum, feature) => sum + Number(feature < 0), 0)
  const tables = (language: LoopLanguage, n: string): string[] => {
    const { start, test, cut, next, leaf } = listsOf(trees)
    return [
      ...table(language, `${n}_start`, start, { type: 'int' }),
      ...table(language, `${n}_target`, trees.target, { type: 'int' }),
      ...table(language, `${n}_test`, test, { type: 'int' }),
      ...table(language, `${n}_cut`, cut, { type: 'float' }),
      ...table(language, `${n}_next`, next, { type: 'int' }),
      ...table(language, `${n}_leaf`, leaf),
      ...table(language, `${n}_set_start`, trees.setStart, { type: 'int' }),
      // Signed, so that they fit an int everywhere; the bits are the same.
      ...table(language, `${n}_set_bits`, Int32Array.from(trees.setBits, (word) => word | 0), { type: 'int' }),
    ]
  }
  const code = (language: LoopLanguage, n: string): PartCode => {
    const declarations = tables(language, n)
    if (language === 'python') {
      return {
        declarations: [
          ...declarations,
          '',
          `def ${n}_left_of(node, v):`,
          `    test = ${n}_test[node]`,
          `    if v != v:`,
          `        return test & 1 == 1`,
          `    if test & 2 == 0:`,
          `        return v <= ${n}_cut[node]`,
          `    own = int(${n}_cut[node])`,
          `    word = ${n}_set_start[own] + (int(v) >> 5)`,
          `    return word < ${n}_set_start[own + 1] and (${n}_set_bits[word] >> (int(v) & 31)) & 1 == 1`,
        ],
        body: [
          `    for tree in range(${count}):`,
          `        node = ${n}_start[tree]`,
          `        while ${n}_test[node] >= 0:`,
          `            node = node + 1 if ${n}_left_of(node, x[${n}_test[node] >> 2]) else ${n}_next[node]`,
          `        for w in range(${width}):`,
          `            s[${n}_target[tree] + w] += ${n}_leaf[${n}_next[node] + w]`,
        ],
      }
    }
    const js = language === 'javascript'
    const [int, same, e] = js ? ['let', '===', ''] : ['int', '==', ';']
    return {
      declarations: [
        ...declarations,
        js ? `function ${n}_left_of(node, v) {` : `static int ${n}_left_of(int node, float v) {`,
        `  ${int} test = ${n}_test[node]${e}`,
        `  if (v != v) return (test & 1) ${same} 1${e}`,
        `  if ((test & 2) ${same} 0) return v <= ${n}_cut[node]${e}`,
        `  ${int} own = ${js ? '' : '(int)'}${n}_cut[node]${e}`,
        `  ${int} code = ${js ? 'v | 0' : '(int)v'}${e}`,
        `  ${int} word = ${n}_set_start[own] + (code >> 5)${e}`,
        `  return word < ${n}_set_start[own + 1] && ((${js ? '' : '(unsigned)'}${n}_set_bits[word] ${js ? '>>>' : '>>'} (code & 31)) & 1) ${same} 1${e}`,
        '}',
      ],
      body: [
        `  for (${int} tree = 0; tree < ${count}; tree++) {`,
        `    ${int} node = ${n}_start[tree]${e}`,
        `    while (${n}_test[node] >= 0) node = ${n}_left_of(node, x[${n}_test[node] >> 2]) ? node + 1 : ${n}_next[node]${e}`,
        `    for (${int} w = 0; w < ${width}; w++) s[${n}_target[tree] + w] += ${n}_leaf[${n}_next[node] + w]${e}`,
        '  }',
      ],
    }
  }
  return {
    numbers: 3 * trees.feature.length + leaves * width,
    code,
    sql: (output, name) => `COALESCE((SELECT value FROM ${name}_scores AS own WHERE own.id = features.id AND own.output = ${output}), 0)`,
    sqlWith: (name) => sqlWalk(trees, name),
  }
}

/** @param most nodes that are written out as conditions */
export const treesPart = (trees: Trees, most = mostConditions): Part => (trees.feature.length > most ? asTables(trees) : asConditions(trees))
