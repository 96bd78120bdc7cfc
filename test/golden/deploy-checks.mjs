/**
 * node deploy-checks.mjs TOOLS FILES: what the makers of each format have to say to the deployment files in FILES, which
 * deploy.py wrote there. TOOLS is a folder where
 *   npm install kubernetes-models @actions/workflow-parser @grafana/schema dockerfile-utils yaml ajv typescript
 * was run, with KServe's CRD of inference services as isvc.yaml and the Compose specification's schema as
 * compose-spec.json beside it. Prints a line of JSON for each file that passed; ends with 1 at the first that does not.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire, register } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [tools, files] = process.argv.slice(2).map((folder) => resolve(folder))
// GitHub's parser imports JSON without saying so, which Node refuses.
register(`data:text/javascript,${encodeURIComponent("export const load = (url, context, next) => next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context)")}`)
const require = createRequire(`${tools}/`)
const from = (path) => import(pathToFileURL(join(tools, 'node_modules', path)))
const version = (name) => `${name} ${JSON.parse(readFileSync(join(tools, 'node_modules', name, 'package.json'), 'utf8')).version}`
const yaml = require('yaml')
const text = (path) => readFileSync(join(files, path), 'utf8')
const object = (path) => yaml.parse(text(path))
const passed = (path, tool) => process.stdout.write(`${JSON.stringify({ path, tool })}\n`)
const fail = (path, tool, reason) => {
  process.stderr.write(`${path}: ${tool}: ${typeof reason === 'string' ? reason : JSON.stringify(reason)}\n`)
  process.exit(1)
}

// Kubernetes: values by its OpenAPI schemas; no field that the API does not know, by their types, as Grafana's dashboard.
const places = new Map([['ServiceAccount', 'v1'], ['Deployment', 'apps/v1'], ['Service', 'v1'], ['HorizontalPodAutoscaler', 'autoscaling/v2'], ['PodDisruptionBudget', 'policy/v1'], ['NetworkPolicy', 'networking.k8s.io/v1']])
const kubernetes = 'deploy/kubernetes.yaml'
const board = 'deploy/grafana-dashboard.json'
const objects = yaml.parseAllDocuments(text(kubernetes)).map((document) => document.toJS())
for (const item of objects) {
  const module = await from(`kubernetes-models/${places.get(item.kind)}/${item.kind}.js`)
  try {
    new (module[item.kind] ?? module.default[item.kind])(item).validate()
  } catch (error) {
    fail(kubernetes, item.kind, error.message)
  }
}
const literals = objects.map((item) => `import type { I${item.kind} } from 'kubernetes-models/${places.get(item.kind)}/${item.kind}'\nexport const ${item.kind}: I${item.kind} = ${JSON.stringify(item)}\n`)
writeFileSync(join(tools, 'literals.ts'), `${literals.join('')}import type { Dashboard } from '@grafana/schema'\nexport const board: Dashboard = ${text(board)}\n`)
try {
  execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), 'literals.ts', '--noEmit', '--strict', '--skipLibCheck', '--module', 'esnext', '--moduleResolution', 'bundler'], { cwd: tools, encoding: 'utf8' })
} catch (error) {
  fail(kubernetes, 'tsc', error.stdout.slice(0, 2000))
}
passed(kubernetes, version('kubernetes-models'))
passed(board, version('@grafana/schema'))

const { parseWorkflow } = await from('@actions/workflow-parser/dist/index.js')
const { NoOperationTraceWriter } = await from('@actions/workflow-parser/dist/templates/trace-writer.js')
const workflow = 'deploy/github-actions.yaml'
const errors = parseWorkflow({ name: workflow, content: text(workflow) }, new NoOperationTraceWriter()).context.errors.getErrors()
if (errors.length > 0) fail(workflow, 'workflow-parser', errors.map(({ message }) => message))
passed(workflow, version('@actions/workflow-parser'))

const { validate } = require('dockerfile-utils')
const found = validate(text('Dockerfile'))
if (found.length > 0) fail('Dockerfile', 'dockerfile-utils', found)
passed('Dockerfile', version('dockerfile-utils'))

/** No field beside those that a schema names, as the API server prunes or refuses them. */
function closed(schema) {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const made = Object.fromEntries(Object.entries(schema).flatMap(([key, value]) => (key === 'x-kubernetes-validations' ? [] : [[key, closed(value)]])))
  if (made['x-kubernetes-int-or-string']) delete made.type
  return made.type === 'object' && typeof made.properties === 'object' && !('additionalProperties' in made) && !made['x-kubernetes-preserve-unknown-fields'] ? { ...made, additionalProperties: false } : made
}
const Ajv = require('ajv').default
const fits = (path, tool, schema) => {
  const test = new Ajv({ strict: false, validateFormats: false }).compile(schema)
  if (!test(object(path))) fail(path, tool, test.errors)
  passed(path, tool)
}
const isvc = yaml.parse(readFileSync(join(tools, 'isvc.yaml'), 'utf8')).spec.versions.find(({ name }) => name === 'v1beta1').schema.openAPIV3Schema
fits('deploy/kserve.yaml', "KServe's CRD v1beta1", { ...closed(isvc), properties: { ...closed(isvc).properties, metadata: { type: 'object' } } })
const { $schema: _, ...compose } = JSON.parse(readFileSync(join(tools, 'compose-spec.json'), 'utf8'))
fits('deploy/compose.yaml', "the Compose specification's schema", compose)
