/** `--network FILE --declare NAME=VALUE`: a network of one's own that looks at pictures, brought in as the page's dialog does it. */
import { openAsBlob } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { colourOrders, layouts, levelRanges } from '../core/images/backbone/limits.ts'
import { sha256 } from '../core/ids.ts'
import { networkInside, type BackboneDeclaration } from '../core/images/backbone/own.ts'
import { checkParams } from '../core/params.ts'
import { ownEmbedding } from '../core/recipe/own-embedding.ts'
import type { BackboneFacts } from '../jobs/protocol.ts'
import { saveBackbone } from '../storage/backbones.ts'
import { backboneBring, backboneLook } from '../tasks/backbone.ts'
import type { Host } from '../tasks/task.ts'
import { openFile } from './files.ts'
import type { AgainRequest } from './train-again.ts'
import { UsageError } from './usage.ts'

export interface OwnNetworkFile {
  readonly path: string
  readonly declared: Partial<BackboneDeclaration>
}

const words: Readonly<Record<'layout' | 'colours' | 'range', readonly string[]>> = { layout: layouts, colours: colourOrders, range: levelRanges }

/** @throws UsageError for a word that says nothing of a network */
export function readDeclared(given: readonly string[]): Partial<BackboneDeclaration> {
  const declared = new Map<string, string | number>()
  for (const word of given) {
    const cut = word.indexOf('=')
    const [name, value] = [word.slice(0, cut), word.slice(cut + 1)]
    const allowed = Object.hasOwn(words, name) ? words[name as keyof typeof words] : undefined
    const isSide = name === 'height' || name === 'width'
    if (cut <= 0 || (!allowed && !isSide && name !== 'output')) throw new UsageError(`invalid --declare; it is written NAME=VALUE, of layout, height, width, colours, range, output: ${word}`)
    if (declared.has(name)) throw new UsageError(`invalid --declare; given twice: ${name}`)
    if (allowed && !allowed.includes(value)) throw new UsageError(`invalid --declare ${name}; not one of ${allowed.join(', ')}: ${value}`)
    if (isSide && !/^\d+$/.test(value)) throw new UsageError(`invalid --declare ${name}; not a whole number: ${value}`)
    declared.set(name, isSide ? Number(value) : value)
  }
  return Object.fromEntries(declared)
}

/** The file, and what lies beside a model.json. @throws UsageError where there is no such file */
async function filesOf(path: string): Promise<File[]> {
  await (await openFile(path)).close()
  const beside = /\.json$/i.test(path) ? (await readdir(dirname(path))).filter((name) => /\.bin$/i.test(name)).map((name) => join(dirname(path), name)) : []
  return Promise.all([path, ...beside].map(async (file) => new File([await openAsBlob(file)], basename(file))))
}

/** @throws UsageError for an output that it does not have; StudioError for a network that is not let in */
export async function bringNetwork({ path, declared }: OwnNetworkFile, { projectId, token }: { readonly projectId: string; readonly token: number }, host: Host): Promise<BackboneFacts> {
  const files = await filesOf(path)
  const { name, offer } = await backboneLook({ files }, host)
  const [first] = offer.outputs
  const { layout = offer.layout ?? 'planes', height = offer.height ?? 224, width = offer.width ?? 224, colours = 'rgb', range = 'unit', output = first?.tensor ?? '' } = declared
  if (!offer.outputs.some(({ tensor }) => tensor === output)) throw new UsageError(`invalid --declare output; the file offers ${offer.outputs.map(({ tensor }) => tensor).join(', ').slice(0, 300)}: ${output}`)
  return backboneBring({ projectId, token, files, declaration: { layout, height, width, colours, range, output }, name }, host)
}

/** The spec with the network of its recipe, where it has one, cut out of a bundle's graph. */
export async function withNetwork(graphPath: string, spec: AgainRequest['spec'], { projectId, token }: { readonly projectId: string; readonly token: number }, { store }: Host): Promise<AgainRequest['spec']> {
  const looking = spec.recipe.steps.find(({ step }) => step === ownEmbedding.id)
  if (!looking) return spec
  const { height, width, size } = checkParams(ownEmbedding.id, ownEmbedding.params, looking.params)
  const graph = await openFile(graphPath)
  try {
    const file = networkInside(await graph.bytes.read(0, graph.bytes.size), { height, width, size })
    const hash = await sha256(file)
    await saveBackbone(store, token, { projectId, version: 1, hash, name: 'network', height, width, size, file, addedAt: 0 })
    return { ...spec, recipe: { ...spec.recipe, steps: spec.recipe.steps.map((step) => (step === looking ? { ...step, params: { ...step.params, backbone: hash } } : step)) } }
  } finally {
    await graph.close()
  }
}
