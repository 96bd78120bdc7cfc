/**
 * From a finished run to a bundle: the graph is run here on held-out rows and compared with the studio's
 * own predictions first; where it differs by more than the tolerance there is a certificate and no zip.
 */
import { cardJson, cardOf, type CardFacts } from '../core/bundle/card.ts'
import { cardAnalyses, trainingCounts } from '../core/bundle/card-groups.ts'
import { cardHtml, cardMarkdown } from '../core/bundle/card-text.ts'
import { goldenPictureRows, goldenRows } from '../core/bundle/golden.ts'
import { goldenProblem } from '../core/bundle/compare-golden.ts'
import { encodeColumns, encodeRows } from '../core/bundle/encode.ts'
import { referenceProfile } from '../core/bundle/reference.ts'
import { modelSlug } from '../core/bundle/responses.ts'
import { typicalCells } from '../core/bundle/typical.ts'
import type { Signature } from '../core/bundle/signature.ts'
import { signatureOf } from '../core/bundle/signature-of.ts'
import { fromBase64, goldenPictures, hasPictures } from '../core/bundle/pictures.ts'
import { backboneCredit, backboneLicence } from '../core/images/backbone/mobilenet-v2.ts'
import { readHeader } from '../core/images/header.ts'
import type { Pixels } from '../core/images/luma.ts'
import { backboneResource } from '../core/images/backbone/own.ts'
import { pixelCount, pixelKey, shippedBackbone } from '../core/images/pixel-form.ts'
import { columnNamed } from '../core/data/dataset.ts'
import { StudioError } from '../core/errors.ts'
import { estimators } from '../core/estimators/registry.ts'
import { countNumbers, graphTimes, type GraphCost, type GraphTime } from '../core/onnx/cost.ts'
import { batchRows, checkParity, maxParityRows, toleranceFor, type ParityCertificate } from '../core/onnx/parity.ts'
import type { ResourceName } from '../core/onnx/graph.ts'
import { pipelineToOnnx } from '../core/onnx/pipeline.ts'
import { encodeOnnx } from '../core/onnx/proto.ts'
import { answer } from '../core/onnx/runner.ts'
import type { PermutationImportance } from '../core/explain/explainer.ts'
import type { Run } from '../core/run/run.ts'
import { exportedRun } from '../core/bundle/exported-run.ts'
import { zip } from '../core/zip.ts'
import { sha256 } from '../core/ids.ts'
import { liveModel } from '../export/card-live.ts'
import { programFiles, twinInput } from '../export/programs.ts'
import { bundleFiles, fileJson } from '../export/bundle-files.ts'
import { recordsOfRun } from '../storage/keys.ts'
import { listRuns, readRun } from '../storage/runs.ts'
import type { Store } from '../storage/port.ts'
import { openRun, type OpenedRun } from './opened-run.ts'
import { backboneOf, listBackbones } from '../storage/backbones.ts'
import { pictureBlob } from '../storage/pictures.ts'
import { formsOf, pictureForms, pixelsOf } from './load-pictures.ts'
import type { Host, TaskHandler } from './task.ts'
import { webRunner } from './web-runner.ts'

export const deployExport: TaskHandler<'deploy/export'> = async ({ runId, name, intendedUse, limitations, written = {} }, host) => {
  const { store, context, openRunner = webRunner } = host
  const run = await readRun(store, runId)
  const opened = await openRun(host, runId)
  const { pipeline, dataset } = opened
  const trainRows = opened.rowsOf('train')
  const heldOut = opened.rowsOf('valid')
  const signature = await signatureOf(pipeline, dataset.columns, trainRows, { name: name.trim() || run.name, threshold: run.threshold }, context)
  const pictures = await picturesOf(opened, signature, run, host)
  const plainGraph = pipelineToOnnx(pipeline, signature, new Map(), pictures?.resources)
  await context.checkpoint()

  const { targetSd, targetLevel } = spreadOfTarget(opened, trainRows)
  const tolerance = toleranceFor(signature, targetSd, targetLevel)
  const golden = pictures ? await goldenPictureRows(pipeline, signature, tolerance, pictures.tensorsOf) : await goldenRows(pipeline, signature, dataset.columns, heldOut, plainGraph, tolerance)
  const runner = await openRunner(context)
  const plain = encodeOnnx(plainGraph)
  const session = await runner.open(plain)
  let certificate: ParityCertificate
  let times: readonly GraphTime[]
  const asked = parityRows(opened, pictures ? 'pictures' : 'rows')
  const picture = pictures && goldenPictures()[0]?.pixels
  try {
    certificate = await checkParity(session, pipeline, signature, { columns: dataset.columns, ...asked }, { targetSd, targetLevel, runtime: runner.runtime, ...(pictures && { open: pictures.openStored }) }, context)
    if (golden.capped) certificate = { ...certificate, capped: golden.capped }
    if (golden.rows.length > 0) {
      const feeds = encodeRows(signature, golden.rows.length, (row, input) => golden.rows[row]?.[input])
      const problem = goldenProblem(signature, golden, await answer(session, signature, feeds, golden.rows.length, pictures?.openFile))
      // The odd rows (unseen, missing, on a split) are held to the same rule as the ordinary ones.
      if (problem) {
        context.report({ kind: 'note', text: problem })
        certificate = { ...certificate, passed: false }
      }
    }
    times = await graphTimes(session, signature, pictures ? [] : encodeColumns(signature, dataset.columns, asked.rows.subarray(0, batchRows)), picture, context)
  } finally {
    await session.close()
  }

  const reference = referenceProfile(signature, dataset.columns, trainRows, await opened.predictionsOn('valid'))
  const part = run.testEvaluation ? 'test' : 'valid'
  const partRows = opened.rowsOf(part)
  // Whoever opened the test part saw it at one threshold: looking at another would be a second look.
  const threshold = (part === 'test' ? run.testEvaluation : run.evaluation)?.threshold ?? run.threshold
  const slices = (await store.read(['projects'], (tx) => tx.get('projects', run.spec.projectId)))?.slices ?? []
  const metadata = new Map([
    ['data_hash', run.dataHash],
    ['threshold_policy', thresholdPolicy(signature)],
    ['opset', certificate.opset],
    ['run', run.id],
    ...(pictures?.shipped ? [['backbone', JSON.stringify(backboneCredit)] as const] : []),
    ...(pictures?.networks ?? []).map((network) => ['backbone', JSON.stringify({ name: network })] as const),
    ['parity', JSON.stringify(certificate)],
  ])
  await context.checkpoint()
  const model = encodeOnnx(pipelineToOnnx(pipeline, signature, metadata, pictures?.resources))
  const live = await liveModel(pipeline, signature, typicalCells(signature, dataset.columns, trainRows), model, context)
  const cost: GraphCost = { numbers: countNumbers(plainGraph), bytes: model.length, runtime: runner.runtime, machine: host.environment.userAgent, threads: 1, times, ...(picture && { picture: { width: picture.width, height: picture.height } }) }
  const facts: CardFacts = {
    run,
    signature,
    recipe: pipeline.recipe,
    certificate,
    data: { name: dataset.name, rows: dataset.rows, source: dataset.source, warnings: [...(await dataWarnings(store, run)), ...(pictures?.shipped ? [`The pictures are seen through ${backboneCredit.name}, of ${backboneCredit.source} (${backboneCredit.licence}). ${backboneCredit.note}`] : []), ...(pictures?.networks ?? []).map((network) => `The pictures are seen through a network that was brought in, ${network}; what it learnt from, and under which licence, is not known here.`)] },
    ...(await baselineOf(store, run)),
    estimator: estimators.get(run.spec.estimator.id),
    analyses: await cardAnalyses({ part, dataset, rows: partRows, target: opened.targetAt(partRows), prediction: await opened.predictionsOn(part), targetColumn: run.spec.target.column, threshold, slices, seed: run.spec.seed }, context),
    counts: trainingCounts(signature.inputs.map((input) => columnNamed(dataset, input.name)), trainRows, opened.targetAt(trainRows)),
    ...(await importanceOf(store, runId)),
    holdsModel: live.kind !== 'missing',
    cost,
    referenceHash: await sha256(fileJson(reference)),
    written: { ...written, intendedUse, limitations },
  }
  const card = cardOf(facts)
  const markdown = cardMarkdown(card)
  const fileName = `${modelSlug(signature.name)}.zip`
  if (!certificate.passed) return { certificate, cost, page: null, zip: null, fileName, signature, card: markdown, leftOut: [] }

  await context.checkpoint()
  const record = await store.read(['datasets'], (tx) => tx.get('datasets', run.spec.datasetId))
  if (!record) throw new StudioError({ code: 'bad-data', message: `missing dataset; it was erased: ${run.spec.datasetId}` })
  const { files: programs, leftOut: unwritten } = await programFiles(pipeline, signature, twinInput(run, dataset, record, pipeline, { train: trainRows, valid: heldOut, test: opened.rowsOf('test') }), pictures?.resources.get('mobilenet-v2.bin'))
  const leftOut = [...unwritten, ...(live.kind === 'missing' ? [{ path: 'sliders in MODEL_CARD.html', reason: live.reason }] : [])]
  await context.checkpoint()
  if (pictures?.shipped) programs.push(['LICENCE-backbone.txt', backboneLicence])
  const files = await bundleFiles({ signature, golden, reference, programs, leftOut, model, cardMarkdown: markdown, cardHtml: cardHtml(card, live), cardJson: cardJson(card, facts), run: exportedRun(run) })
  context.report({ kind: 'step', phase: 'Writing the bundle', done: files.length, total: files.length })
  return { certificate, cost, page: { bytes: files.find(({ name }) => name === 'MODEL_CARD.html')?.bytes.length ?? 0, holds: live.kind }, zip: zip(files), fileName, signature, card: markdown, leftOut }
}

/**
 * Rows that the model has not learnt from: validation rows, and test rows too where those are fewer than the certificate
 * takes. Graph and studio are asked the same question there; no answer is shown and no truth is looked at, so the seal holds.
 */
function parityRows(opened: OpenedRun, things: 'pictures' | 'rows'): { readonly rows: Uint32Array; readonly part: string } {
  const valid = opened.rowsOf('valid')
  const test = opened.rowsOf('test').subarray(0, Math.max(0, maxParityRows - valid.length))
  if (test.length === 0 || valid.length >= maxParityRows) return { rows: valid, part: `validation ${things}` }
  const rows = new Uint32Array(valid.length + test.length)
  rows.set(valid)
  rows.set(test, valid.length)
  return { rows, part: `validation and test ${things}` }
}

/** What an export needs where the model takes pictures. @throws StudioError unsupported where it takes other columns too */
async function picturesOf(opened: OpenedRun, signature: Signature, run: Run, host: Host) {
  if (!hasPictures(signature)) return undefined
  if (signature.inputs.length > 1) throw new StudioError({ code: 'unsupported', message: `unsupported export; a served model of pictures takes nothing else: ${signature.inputs.map(({ name }) => name).join(', ').slice(0, 200)}`, hint: 'Exclude the other columns on the Prepare page and train again.' })
  const forms = formsOf(opened.pipeline.recipe.spec)
  const own = backboneOf(host.store, run.spec.projectId)
  const resources = new Map<ResourceName, Uint8Array>()
  const networks: string[] = []
  for (const { backbone } of forms) {
    if (backbone === shippedBackbone) resources.set('mobilenet-v2.bin', new Uint8Array(await host.context.asset('mobilenet-v2.bin')))
    else if (backbone) {
      resources.set(backboneResource(backbone), await own(backbone))
      networks.push((await listBackbones(host.store, run.spec.projectId)).find(({ hash }) => hash === backbone)?.name ?? backbone.slice(0, 12))
    }
  }
  const openFile = (cell: string) => {
    const bytes = fromBase64(cell)
    return pixelsOf(bytes, readHeader(bytes).type, host)
  }
  return {
    resources,
    shipped: resources.has('mobilenet-v2.bin'),
    /** Names of networks that were brought in. */
    networks,
    openFile,
    async openStored(hash: string) {
      const blob = await pictureBlob(host.store, run.spec.projectId, hash)
      return pixelsOf(blob.bytes, blob.type, host)
    },
    async tensorsOf(pictures: readonly Pixels[]): Promise<ReadonlyMap<string, Float32Array>> {
      const made = pictureForms(host, own)
      try {
        const tensors = new Map<string, Float32Array>()
        for (const form of forms) {
          const size = pixelCount(form)
          const values = new Float32Array(pictures.length * size)
          for (const [i, pixels] of pictures.entries()) values.set(await made.of(pixels, form), i * size)
          tensors.set(pixelKey(form), values)
        }
        return tensors
      } finally {
        await made.close()
      }
    },
  }
}

/** How the graph comes from probabilities to a label, in words for whoever opens the file. */
function thresholdPolicy({ task, threshold, classes }: Signature): string {
  if (task === 'regression') return 'none: the value itself'
  if (task === 'multiclass') return 'the class of the largest probability, of equal ones the first'
  return `${JSON.stringify(classes[1])} where its probability >= ${threshold}, else ${JSON.stringify(classes[0])}`
}

/** Population standard deviation and largest size over training rows; 0 for classes. */
function spreadOfTarget(opened: OpenedRun, rows: Uint32Array): { readonly targetSd: number; readonly targetLevel: number } {
  const target = opened.targetAt(rows)
  if (target.task !== 'regression') return { targetSd: 0, targetLevel: 0 }
  let [mean, squares, targetLevel] = [0, 0, 0]
  for (const value of target.values) mean += value / target.values.length
  for (const value of target.values) {
    squares += (value - mean) ** 2
    targetLevel = Math.max(targetLevel, Math.abs(value))
  }
  return { targetSd: Math.sqrt(squares / target.values.length), targetLevel }
}

/** What was asked on the Explain page; of several, what was measured on the most rows. */
async function importanceOf(store: Store, runId: string): Promise<{ importance?: PermutationImportance }> {
  const kept = (await store.read(['explanations'], (tx) => tx.getAll('explanations', recordsOfRun(runId)))).flatMap(({ explanation }) => (explanation.kind === 'permutation-importance' ? [explanation] : []))
  const [importance] = kept.sort((a, b) => b.n - a.n)
  return importance ? { importance } : {}
}

/** The baseline run that was judged on the same data, target and split. */
async function baselineOf(store: Store, run: Run): Promise<Pick<CardFacts, 'baseline'>> {
  const runs = await listRuns(store, run.spec.projectId)
  const same = (other: Run): boolean => other.dataHash === run.dataHash && JSON.stringify([other.spec.target, other.spec.split]) === JSON.stringify([run.spec.target, run.spec.split])
  const found = runs.findLast((other) => estimators.has(other.spec.estimator.id) && estimators.get(other.spec.estimator.id).tags.baseline && other.evaluation && same(other))
  return found?.evaluation ? { baseline: { name: found.name, evaluation: found.evaluation, ...(found.testEvaluation && { testEvaluation: found.testEvaluation }) } } : {}
}

async function dataWarnings(store: Store, run: Run): Promise<string[]> {
  const record = await store.read(['profiles'], (tx) => tx.get('profiles', run.spec.datasetId))
  return (record?.profile.columns ?? []).flatMap(({ name, warnings }) => warnings.map((warning) => `Column ${name.slice(0, 100)}: ${warning.code.replaceAll('-', ' ')}.`))
}
