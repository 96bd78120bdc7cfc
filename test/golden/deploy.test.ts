/**
 * The deployment files of a bundle: parsed by PyYAML and protobuf when golden files are made (deploy.py), the parsed
 * content kept beside each text's SHA-256, with the word of the tools that know each format; held to policies here. With DEPLOY_FILES set, writes the files there.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Signature } from '../../src/core/bundle/signature.ts'
import { sha256 } from '../../src/core/ids.ts'
import { deployFiles } from '../../src/export/deploy/files.ts'
import { composeObject, kserveObject, kubernetesObjects } from '../../src/export/deploy/kubernetes.ts'
import { prometheusConfig, prometheusRules } from '../../src/export/deploy/observing.ts'
import { workflowObject } from '../../src/export/deploy/workflow.ts'
import { ServerMetrics } from '../../src/export/server/server-metrics.ts'
import golden from './deploy.json' with { type: 'json' }

const signature: Signature = {
  version: 1,
  name: 'Wine',
  task: 'multiclass',
  target: 'no: "kind" # \'of\' wine',
  inputs: [
    { name: 'alcohol', kind: 'numeric', tensor: 'float', nullable: true },
    { name: '__proto__\n"', graphName: 'naïve "漢字" \\', kind: 'categorical', tensor: 'string', nullable: true },
    { name: 'on', kind: 'datetime', tensor: 'int64', nullable: false },
  ],
  classes: ['a', 'b', 'c'],
  outputs: [
    { name: 'label', tensor: 'string', shape: [-1] },
    { name: 'probabilities', tensor: 'float', shape: [-1, 3] },
  ],
}
const files = new Map(deployFiles(signature))
const parsed = new Map(golden.files.map((file) => [file.path, file]))
const folder = process.env['DEPLOY_FILES']
if (folder) {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

describe.skipIf(folder)('parsed by others', () => {
  const objects: Readonly<Record<string, unknown>> = {
    'deploy/kubernetes.yaml': kubernetesObjects('wine'),
    'deploy/compose.yaml': [composeObject('wine')],
    'deploy/kserve.yaml': [kserveObject('wine')],
    'deploy/prometheus.yaml': [prometheusConfig('wine')],
    'deploy/prometheus-rules.yaml': [prometheusRules('wine')],
    'deploy/github-actions.yaml': [workflowObject('wine')],
  }
  test.each(Object.keys(objects))('%s says to PyYAML what was meant', async (path) => {
    expect(parsed.get(path)).toMatchObject({ sha256: await sha256(files.get(path) as string) })
    expect(parsed.get(path)?.content).toEqual(objects[path])
  })
  // Run `npm run golden` with the tools that deploy.py names, after a change.
  test.each([
    ['Dockerfile', ['dockerfile-utils']],
    ['deploy/compose.yaml', ['docker-compose', 'the Compose specification']],
    ['deploy/kubernetes.yaml', ['kubernetes-models']],
    ['deploy/kserve.yaml', ["KServe's CRD"]],
    ['deploy/triton/config.pbtxt', ['protoc']],
    ['deploy/github-actions.yaml', ['@actions/workflow-parser']],
    ['deploy/prometheus.yaml', ['promtool']],
    ['deploy/prometheus-rules.yaml', ['promtool']],
    ['deploy/grafana-dashboard.json', ['@grafana/schema', 'promtool']],
  ])('%s passed the tools that know its format, as it is now', async (path, tools) => {
    const hash = await sha256(files.get(path) ?? readFileSync('src/export/server/template/Dockerfile', 'utf8'))
    const checks = golden.checks.filter((check) => check.path === path && check.sha256 === hash)
    for (const tool of tools) expect(checks.some((check) => check.tool.startsWith(tool)), tool).toBe(true)
  })
  test("Triton's configuration is what protobuf reads", async () => {
    const path = 'deploy/triton/config.pbtxt'
    expect(parsed.get(path)).toMatchObject({ sha256: await sha256(files.get(path) as string) })
    expect(parsed.get(path)?.content).toMatchObject([
      {
        name: 'wine',
        platform: 'onnxruntime_onnx',
        input: [{ name: 'alcohol', dataType: 'TYPE_FP32', dims: ['-1', '1'] }, { name: 'naïve "漢字" \\', dataType: 'TYPE_STRING' }, { name: 'on', dataType: 'TYPE_INT64' }],
        output: [{ name: 'label', dataType: 'TYPE_STRING', dims: ['-1'] }, { name: 'probabilities', dims: ['-1', '3'] }],
      },
    ])
  })
})

describe('policies', () => {
  interface Manifest {
    readonly kind: string
    readonly metadata: { readonly name: string }
    readonly spec: never
  }
  const manifests = kubernetesObjects('wine') as unknown as Manifest[]
  const one = (kind: string) => manifests.find((object) => object.kind === kind) as Manifest
  test('pods run without rights, within limits, with probes of their own', () => {
    expect(manifests.map(({ kind }) => kind)).toEqual(['ServiceAccount', 'Deployment', 'Service', 'HorizontalPodAutoscaler', 'PodDisruptionBudget', 'NetworkPolicy'])
    const pod = (one('Deployment').spec as { template: { spec: { automountServiceAccountToken: boolean; securityContext: object; containers: { securityContext: object; resources: object; livenessProbe: { httpGet: { path: string } }; readinessProbe: { httpGet: { path: string } } }[]; terminationGracePeriodSeconds: number } } }).template.spec
    expect(pod.automountServiceAccountToken).toBe(false)
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: 'RuntimeDefault' } })
    const [container] = pod.containers
    expect(container?.securityContext).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } })
    expect(container?.resources).toMatchObject({ requests: { cpu: expect.any(String), memory: expect.any(String) }, limits: { cpu: expect.any(String), memory: expect.any(String) } })
    expect(container?.livenessProbe.httpGet.path).not.toBe(container?.readinessProbe.httpGet.path)
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(13)
    expect(one('NetworkPolicy').spec).toMatchObject({ egress: [], policyTypes: ['Ingress', 'Egress'] })
  })
  test('selectors meet the labels, names are legal', () => {
    const deployment = one('Deployment').spec as { selector: { matchLabels: Record<string, string> }; template: { metadata: { labels: Record<string, string> } } }
    expect(deployment.template.metadata.labels).toMatchObject(deployment.selector.matchLabels)
    expect((one('Service').spec as { selector: object }).selector).toEqual(deployment.selector.matchLabels)
    for (const object of [...manifests, ...(kubernetesObjects('x'.repeat(60)) as unknown as Manifest[])]) expect(object.metadata.name).toMatch(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/)
  })
  test('alerts and panels ask for metrics that there are', async () => {
    const known = new ServerMetrics()
    known.watch({ all: () => [] } as never, { ready: true }, undefined)
    const names = new Set(['up', ...[...(await known.text()).matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] as string)])
    const asked = [...`${files.get('deploy/prometheus-rules.yaml')}${files.get('deploy/grafana-dashboard.json')}`.matchAll(/\b((?:glasshouse|process)_[a-z_]+)/g)].map((match) => (match[1] as string).replace(/_(bucket|sum|count)$/, ''))
    expect(asked.length).toBeGreaterThan(15)
    for (const name of asked) expect(names).toContain(name)
    expect(() => JSON.parse(files.get('deploy/grafana-dashboard.json') as string) as unknown).not.toThrow()
  })
  test('the image: two stages, no package manager in the last, no root, everything it copies is there', () => {
    const lines = readFileSync('src/export/server/template/Dockerfile', 'utf8').replace(/\\\n/g, ' ').split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    const known = /^(ARG|FROM|ENV|RUN|WORKDIR|COPY|USER|EXPOSE|STOPSIGNAL|HEALTHCHECK|CMD) \S/
    for (const line of lines) expect(line).toMatch(known)
    const stages = lines.flatMap((line, i) => (line.startsWith('FROM ') ? [i] : []))
    expect(stages).toHaveLength(2)
    // One image for both stages, by its digest.
    expect(lines[0]).toMatch(/^ARG NODE_IMAGE=node:\d+\.\d+\.\d+-bookworm-slim@sha256:[0-9a-f]{64}$/)
    for (const i of stages) expect(lines[i]).toMatch(/^FROM \$\{NODE_IMAGE\}( AS \w+)?$/)
    // Nor does another's image move under its tag in compose.yaml.
    const { services } = composeObject('wine') as { services: Record<string, { image?: string; build?: string }> }
    expect(Object.values(services).map(({ image, build }) => image ?? build)).toEqual(['..', expect.stringMatching(/^prom\/prometheus:v[\d.]+@sha256:[0-9a-f]{64}$/)])
    const last = lines.slice(stages[1])
    expect(last.some((line) => /\b(npm (ci|install)|apt-get|curl|wget)\b/.test(line))).toBe(false)
    expect(last).toContainEqual(expect.stringMatching(/^RUN rm -rf .*\/npm/))
    expect(last.findIndex((line) => line === 'USER 65534:65534')).toBeGreaterThan(last.findLastIndex((line) => /^(RUN|COPY)/.test(line)))
    expect(JSON.parse((last.find((line) => line.startsWith('CMD ')) as string).slice(4))).toEqual(['node', 'server/server.mjs'])
  })
})

describe('the gate', () => {
  const place = mkdtempSync(join(tmpdir(), 'glasshouse-gate-'))
  afterAll(() => rmSync(place, { recursive: true }))
  const run = (name: string, target: object, metric: string, value: number | null): string => {
    const path = join(place, `${name}.json`)
    writeFileSync(path, JSON.stringify({ spec: { target: { column: 'y', ...target } }, evaluation: { scores: [{ metric, value }] } }))
    return path
  }
  const gate = (before: string, after: string, env: Readonly<Record<string, string>> = {}): number | null => spawnSync(process.execPath, ['src/export/server/template/gate.mjs', before, after], { env: { ...process.env, ...env } }).status
  const binary = { task: 'binary' }
  test('lets a better model through and holds a worse one back', () => {
    const [bad, good] = [run('bad', binary, 'balanced-accuracy', 0.8), run('good', binary, 'balanced-accuracy', 0.84)]
    expect([gate(bad, good), gate(good, bad), gate(good, bad, { MAX_LOSS: '0.05' }), gate(bad, good, { MIN_SCORE: '0.9' })]).toEqual([0, 1, 0, 1])
    expect([gate(bad, good, { MIN_GAIN: '0.03' }), gate(bad, good, { MIN_GAIN: '0.05' })]).toEqual([0, 1])
    const [far, near] = [run('far', { task: 'regression' }, 'rmse', 3), run('near', { task: 'regression' }, 'rmse', 2)]
    expect([gate(far, near), gate(near, far), gate(far, good), gate(far, run('none', { task: 'regression' }, 'rmse', null))]).toEqual([0, 1, 1, 1])
    expect([gate(far, near, { MIN_SCORE: '2.5' }), gate(far, near, { MIN_SCORE: '1.5' })]).toEqual([0, 1])
  })
  test('a setting that is no number refuses; an empty one, which is what a variable that nobody set gives, is none', () => {
    const [bad, good] = [run('low', binary, 'balanced-accuracy', 0.1), run('high', binary, 'balanced-accuracy', 0.9)]
    for (const text of ['5%', 'abc', '0,05', '-1', 'Infinity']) expect(gate(good, bad, { MAX_LOSS: text }), text).toBe(1)
    expect([gate(bad, good, { MIN_SCORE: '0.5x' }), gate(bad, good, { MIN_SCORE: '', MAX_LOSS: ' ', MIN_GAIN: '' })]).toEqual([1, 0])
  })
  test('a run of the terminal names no positive class, the one trained again does: the same target', () => {
    const value = 0.8
    const unnamed = run('unnamed', binary, 'balanced-accuracy', value)
    const named = run('named', { positive: 'no', ...binary }, 'balanced-accuracy', value)
    const other = run('other', { positive: 'yes', ...binary }, 'balanced-accuracy', value)
    expect([gate(unnamed, named), gate(named, other), gate(named, run('three', { task: 'multiclass' }, 'balanced-accuracy', value))]).toEqual([0, 1, 1])
    expect([gate(unnamed, join(place, 'nowhere.json')), gate(unnamed, '')]).toEqual([1, 1])
  })
})
