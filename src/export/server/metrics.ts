/**
 * Prometheus text format 0.0.4. Labels come from closed sets only (routes, status codes, the bundles' own
 * names), never from a request, so that no client can make new series; no data value is ever a label.
 */
type Labels = readonly string[]

interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  lines(): Iterable<string>
}

const escaped = (value: string): string => value.slice(0, 120).replace(/[\\"\n]/g, (mark) => (mark === '\n' ? '\\n' : `\\${mark}`))
const key = (values: Labels): string => JSON.stringify(values)
function labelled(names: Labels, values: Labels, extra = ''): string {
  const pairs = names.map((name, i) => `${name}="${escaped(values[i] ?? '')}"`)
  if (extra !== '') pairs.push(extra)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
const shown = (value: number): string => (value === Number.POSITIVE_INFINITY ? '+Inf' : value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value))

export class Counter implements Family {
  readonly type = 'counter'
  readonly name: string
  readonly help: string
  readonly #labels: Labels
  readonly #values = new Map<string, { readonly labels: Labels; value: number }>()
  constructor(name: string, help: string, labels: Labels = []) {
    this.name = name
    this.help = help
    this.#labels = labels
  }
  add(labels: Labels, amount = 1): void {
    const id = key(labels)
    const entry = this.#values.get(id)
    if (entry) entry.value += amount
    else this.#values.set(id, { labels, value: amount })
  }
  *lines(): Iterable<string> {
    for (const { labels, value } of this.#values.values()) yield `${this.name}${labelled(this.#labels, labels)} ${shown(value)}`
  }
}

/** Read when asked for. */
export class Gauge implements Family {
  readonly type: 'gauge' | 'counter'
  readonly name: string
  readonly help: string
  readonly #labels: Labels
  readonly #read: () => Iterable<readonly [labels: Labels, value: number]>
  constructor(name: string, help: string, labels: Labels, read: () => Iterable<readonly [labels: Labels, value: number]>, type: 'gauge' | 'counter' = 'gauge') {
    this.name = name
    this.help = help
    this.#labels = labels
    this.#read = read
    this.type = type
  }
  *lines(): Iterable<string> {
    for (const [labels, value] of this.#read()) yield `${this.name}${labelled(this.#labels, labels)} ${shown(value)}`
  }
}

export class Histogram implements Family {
  readonly type = 'histogram'
  readonly name: string
  readonly help: string
  readonly #labels: Labels
  readonly #bounds: readonly number[]
  readonly #values = new Map<string, { readonly labels: Labels; readonly counts: Float64Array; sum: number; total: number }>()
  /** @param bounds ascending upper bounds; one more, infinity, is added */
  constructor(name: string, help: string, labels: Labels, bounds: readonly number[]) {
    this.name = name
    this.help = help
    this.#labels = labels
    this.#bounds = bounds
  }
  observe(labels: Labels, value: number): void {
    const id = key(labels)
    let entry = this.#values.get(id)
    if (!entry) this.#values.set(id, (entry = { labels, counts: new Float64Array(this.#bounds.length + 1), sum: 0, total: 0 }))
    let bin = 0
    while (bin < this.#bounds.length && value > (this.#bounds[bin] as number)) bin++
    entry.counts[bin] = (entry.counts[bin] as number) + 1
    entry.sum += value
    entry.total++
  }
  *lines(): Iterable<string> {
    for (const { labels, counts, sum, total } of this.#values.values()) {
      let below = 0
      for (const [b, bound] of [...this.#bounds, Number.POSITIVE_INFINITY].entries()) {
        below += counts[b] as number
        yield `${this.name}_bucket${labelled(this.#labels, labels, `le="${shown(bound)}"`)} ${below}`
      }
      yield `${this.name}_sum${labelled(this.#labels, labels)} ${shown(sum)}`
      yield `${this.name}_count${labelled(this.#labels, labels)} ${total}`
    }
  }
}

export function metricsText(families: Iterable<Family>): string {
  const lines: string[] = []
  for (const family of families) {
    lines.push(`# HELP ${family.name} ${family.help}`, `# TYPE ${family.name} ${family.type}`)
    for (const line of family.lines()) lines.push(line)
  }
  return `${lines.join('\n')}\n`
}
