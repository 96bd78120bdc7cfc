/**
 * Which bundles one server serves: SERVING names a JSON file
 *   { "models": [ { "name": "wine", "versions": { "1": "wine-1", "2": "wine-2" },
 *       "aliases": { "champion": "1", "challenger": "2" }, "default": "champion",
 *       "routing": { "kind": "shadow", "to": "challenger" } } ] }
 * with folders relative to it; routing may also be { "kind": "split", "weights": { "champion": 9, "challenger": 1 } }.
 * Without SERVING it is the one bundle that the server lies in, as version 1.
 */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { BundleError } from './bundle.ts'

export type Routing = { readonly kind: 'single' } | { readonly kind: 'shadow'; readonly to: string } | { readonly kind: 'split'; readonly weights: ReadonlyMap<string, number> }
export interface ModelConfig {
  /** Name in addresses; undefined takes it from the default version's signature. */
  readonly name: string | undefined
  /** Version -> folder of its bundle. */
  readonly versions: ReadonlyMap<string, string>
  /** Alias -> version. */
  readonly aliases: ReadonlyMap<string, string>
  /** Version that answers where a request names none. */
  readonly fallback: string
  readonly routing: Routing
}

const bad = (what: string, rule: string): BundleError => new BundleError(`invalid serving configuration; ${what} ${rule}`)

function entriesOf(value: unknown, what: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(what, 'must be an object')
  return Object.entries(value)
}
function onlyKeys(entries: readonly [string, unknown][], what: string, known: readonly string[]): ReadonlyMap<string, unknown> {
  for (const [key] of entries) if (!known.includes(key)) throw bad(what, `has an unknown field ${JSON.stringify(key.slice(0, 60))}; known are ${known.join(', ')}`)
  return new Map(entries)
}

export const singleBundle = (folder: string): ModelConfig[] => [{ name: undefined, versions: new Map([['1', folder]]), aliases: new Map(), fallback: '1', routing: { kind: 'single' } }]

/** @throws BundleError naming what is wrong */
export function readConfig(path: string): ModelConfig[] {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new BundleError(`invalid serving configuration; not a JSON file that can be read: ${path}`, { cause })
  }
  const models = onlyKeys(entriesOf(json, 'the file'), 'the file', ['models']).get('models')
  if (!Array.isArray(models) || models.length === 0) throw bad('models', 'must be a list of at least one')
  const configs = models.map((model, i) => readModel(model, `models[${i}]`, dirname(path)))
  const names = configs.flatMap(({ name }) => (name === undefined ? [] : [name]))
  if (new Set(names).size !== names.length) throw bad('models', 'must have names that differ')
  return configs
}

function readModel(json: unknown, what: string, base: string): ModelConfig {
  const fields = onlyKeys(entriesOf(json, what), what, ['name', 'versions', 'aliases', 'default', 'routing'])
  const name = fields.get('name')
  if (name !== undefined && (typeof name !== 'string' || !/^[a-z0-9][a-z0-9-]{0,59}$/.test(name))) throw bad(`${what}.name`, 'must be lower-case letters, digits and dashes')
  const versions = new Map(
    entriesOf(fields.get('versions'), `${what}.versions`).map(([version, folder]) => {
      if (!/^[1-9]\d{0,8}$/.test(version) || typeof folder !== 'string') throw bad(`${what}.versions`, 'must map whole numbers to folders')
      return [version, resolve(base, folder)] as const
    }),
  )
  if (versions.size === 0) throw bad(`${what}.versions`, 'must name at least one')
  const aliases = new Map(
    entriesOf(fields.get('aliases') ?? {}, `${what}.aliases`).map(([alias, version]) => {
      if (!/^[a-z][a-z0-9-]{0,59}$/.test(alias)) throw bad(`${what}.aliases`, 'must begin with a letter, then lower-case letters, digits and dashes')
      if (typeof version !== 'string' || !versions.has(version)) throw bad(`${what}.aliases.${alias}`, 'must name one of the versions')
      return [alias, version] as const
    }),
  )
  const versionOf = (of: unknown, where: string): string => {
    const version = typeof of === 'string' ? (aliases.get(of) ?? of) : ''
    if (!versions.has(version)) throw bad(where, 'must name a version or an alias')
    return version
  }
  const chosen = fields.get('default')
  const fallback = chosen === undefined ? (aliases.get('champion') ?? ([...versions.keys()].sort((a, b) => Number(b) - Number(a))[0] as string)) : versionOf(chosen, `${what}.default`)
  return { name: name as string | undefined, versions, aliases, fallback, routing: readRouting(fields.get('routing'), `${what}.routing`, versionOf) }
}

function readRouting(json: unknown, what: string, versionOf: (of: unknown, where: string) => string): Routing {
  if (json === undefined) return { kind: 'single' }
  const fields = onlyKeys(entriesOf(json, what), what, ['kind', 'to', 'weights'])
  switch (fields.get('kind')) {
    case 'single':
      return { kind: 'single' }
    case 'shadow':
      return { kind: 'shadow', to: versionOf(fields.get('to'), `${what}.to`) }
    case 'split': {
      const weights = new Map(
        entriesOf(fields.get('weights'), `${what}.weights`).map(([of, weight]) => {
          if (typeof weight !== 'number' || !Number.isFinite(weight) || weight < 0) throw bad(`${what}.weights`, 'must be numbers of at least 0')
          return [versionOf(of, `${what}.weights`), weight] as const
        }),
      )
      if (weights.size < 2 || ![...weights.values()].some((weight) => weight > 0)) throw bad(`${what}.weights`, 'must name at least two versions, one of them with more than 0')
      return { kind: 'split', weights }
    }
    default:
      throw bad(`${what}.kind`, 'must be single, shadow or split')
  }
}
