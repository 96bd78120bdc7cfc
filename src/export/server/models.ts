/** All models of a server, by name, version and alias; replaced as a whole on reload, without a request noticing. */
import { createHash } from 'node:crypto'
import { modelSlug } from '../../core/bundle/responses.ts'
import type { Signature } from '../../core/bundle/signature.ts'
import { HttpError } from './body.ts'
import { BundleError, readBundle } from './bundle.ts'
import type { ModelConfig } from './config.ts'
import type { PoolOptions } from './pool.ts'
import { ServedVersion } from './served-version.ts'
import type { PoolSettings } from './served-version.ts'

export interface Route {
  /** Its answer is given. */
  readonly primary: ServedVersion
  /** Asked the same beside it; their answers go to the log alone. */
  readonly shadows: readonly ServedVersion[]
}

export class ServedModel {
  readonly name: string
  readonly config: ModelConfig
  readonly versions: ReadonlyMap<string, ServedVersion>

  constructor(name: string, config: ModelConfig, versions: ReadonlyMap<string, ServedVersion>) {
    this.name = name
    this.config = config
    this.versions = versions
  }

  get fallback(): ServedVersion {
    return this.versions.get(this.config.fallback) as ServedVersion
  }
  /** @param asked version or alias @throws HttpError 404 */
  version(asked: string | undefined): ServedVersion {
    if (asked === undefined) return this.fallback
    const found = this.versions.get(this.config.aliases.get(asked) ?? asked)
    if (!found) throw new HttpError(404, `unknown version of ${this.name}; this server has ${[...this.versions.keys(), ...this.config.aliases.keys()].join(', ')}`)
    return found
  }
  /**
   * @param asked version or alias: it alone answers then
   * @param request its id: equal ids go to the same side of a split
   */
  route(asked: string | undefined, request: string): Route {
    const primary = this.version(asked)
    const { routing } = this.config
    if (asked !== undefined || routing.kind === 'single') return { primary, shadows: [] }
    if (routing.kind === 'shadow') {
      const shadow = this.version(routing.to)
      return { primary, shadows: shadow === primary ? [] : [shadow] }
    }
    const versions = [...routing.weights.keys()]
    const total = versions.reduce((sum, version) => sum + (routing.weights.get(version) as number), 0)
    let at = share(request) * total
    const chosen = versions.find((version) => (at -= routing.weights.get(version) as number) < 0) ?? (versions[0] as string)
    return { primary: this.version(chosen), shadows: versions.filter((version) => version !== chosen).map((version) => this.version(version)) }
  }
}

/** A number in [0, 1) that an id always gives. */
const share = (id: string): number => createHash('sha256').update(id).digest().readUInt32BE(0) / 2 ** 32

/** What both arms of a routing must agree on, so that one request suits both. */
const shapeOf = ({ task, classes, inputs }: Signature): string => JSON.stringify([task, classes, inputs.map(({ name, kind, tensor, layout, labels }) => [name, kind, tensor, layout, labels])])

export interface OpenOptions {
  readonly script: URL
  readonly pool: PoolSettings
  readonly onBatch: (version: ServedVersion | undefined, rows: number, requests: number, seconds: number) => void
  /** Of all that would be served. @throws BundleError, and nothing changes */
  readonly check?: (signatures: readonly Signature[]) => void
}

export class Models {
  readonly #options: OpenOptions
  #models: ReadonlyMap<string, ServedModel> = new Map()
  #first: ServedModel | undefined

  constructor(options: OpenOptions) {
    this.#options = options
  }

  /**
   * Opens what a configuration names, then puts it in the place of what was there; unchanged bundles stay open.
   * @throws BundleError, and everything stays as it was
   */
  async load(configs: readonly ModelConfig[]): Promise<void> {
    const before = new Map(this.all().map((version) => [`${version.model} ${version.version} ${version.bundle.digest}`, version]))
    const opened: ServedVersion[] = []
    const models = new Map<string, ServedModel>()
    try {
      for (const config of configs) {
        const bundles = new Map([...config.versions].map(([version, folder]) => [version, readBundle(folder)] as const))
        const name = config.name ?? modelSlug((bundles.get(config.fallback) as ReturnType<typeof readBundle>).signature.name)
        if (models.has(name)) throw new BundleError(`invalid serving configuration; two models are called ${name}`)
        const versions = new Map<string, ServedVersion>()
        for (const [version, bundle] of bundles) {
          const kept = before.get(`${name} ${version} ${bundle.digest}`)
          const served = kept ?? (await this.#open(name, version, bundle))
          if (!kept) opened.push(served)
          versions.set(version, served)
        }
        const model = new ServedModel(name, config, versions)
        const shape = shapeOf(model.fallback.signature)
        const arms = config.routing.kind === 'shadow' ? [config.routing.to] : config.routing.kind === 'split' ? [...config.routing.weights.keys()] : []
        for (const arm of arms) if (shapeOf(model.version(arm).signature) !== shape) throw new BundleError(`invalid serving configuration; ${name} cannot be routed between versions with other inputs or classes: ${arm}`)
        models.set(name, model)
      }
      this.#options.check?.([...models.values()].flatMap(({ versions }) => [...versions.values()].map(({ signature }) => signature)))
    } catch (error) {
      await Promise.all(opened.map((version) => version.close()))
      throw error
    }
    const old = this.all()
    this.#models = models
    this.#first = [...models.values()][0]
    const current = new Set(this.all())
    for (const version of old) if (!current.has(version)) void version.close()
  }

  async #open(name: string, version: string, bundle: ReturnType<typeof readBundle>): Promise<ServedVersion> {
    let served: ServedVersion | undefined
    const onBatch: PoolOptions['onBatch'] = (rows, requests, seconds) => this.#options.onBatch(served, rows, requests, seconds)
    served = await ServedVersion.open(name, version, bundle, this.#options.script, this.#options.pool, onBatch)
    return served
  }

  all(): ServedVersion[] {
    return [...this.#models.values()].flatMap((model) => [...model.versions.values()])
  }
  get models(): ReadonlyMap<string, ServedModel> {
    return this.#models
  }
  /** Of routes that name no model: the first. */
  get first(): ServedModel {
    if (!this.#first) throw new HttpError(503, 'missing model; the server is starting')
    return this.#first
  }
  /** @throws HttpError 404 */
  model(name: string): ServedModel {
    const found = this.#models.get(name)
    if (!found) throw new HttpError(404, `unknown model; this server has ${[...this.#models.keys()].join(', ')}`)
    return found
  }
  async close(): Promise<void> {
    await Promise.all(this.all().map((version) => version.close()))
  }
}
