/** The same as /openapi.json for people: one page, no script, nothing fetched. */
import { escapeHtml as html } from '../../core/html.ts'
import { takesForms } from '../../core/bundle/form-request.ts'
import { plainBody } from '../../core/bundle/examples.ts'
import { otherThreshold, thresholdRule } from '../../core/bundle/params.ts'
import type { Signature } from '../../core/bundle/signature.ts'
import type { Models } from './models.ts'
import { cellSchema } from './openapi.ts'

const cut = (value: string): string => html(value.length > 100 ? `${value.slice(0, 100)}…` : value)

const cache = new WeakMap<object, string>()

export function docsPage(models: Models): string {
  const known = cache.get(models.models)
  if (known !== undefined) return known
  const sections = [...models.models].map(([name, model]) => {
    const { signature, bundle } = model.fallback
    const aliases = [...model.config.aliases].map(([alias, version]) => `${alias} = ${version}`)
    const routes = [
      ['POST', `/v2/models/${name}/infer`, 'Open Inference Protocol v2'],
      ['POST', `/v1/models/${name}:predict`, 'KServe v1: {"instances": [...]}'],
      ['POST', `/predict/${name}`, 'rows by column names'],
      ['GET', `/v2/models/${name}`, 'inputs and outputs'],
      ['GET', `/v2/models/${name}/ready`, 'readiness'],
    ]
    const example = bundle.golden.rows[0] ? `curl -s http://HOST/predict/${name} -H 'Content-Type: application/json' \\\n  -d '${plainBody(signature, [bundle.golden.rows[0]]).replaceAll("'", "'\\''")}'` : ''
    return `<section><h2>${html(name)}</h2>
<p>Versions ${[...model.versions.keys()].map(html).join(', ')}${aliases.length > 0 ? `; ${html(aliases.join(', '))}` : ''}. Version ${html(model.config.fallback)} answers where none is named; every route takes <code>/versions/N</code> or an alias.</p>
<table><thead><tr><th>Method</th><th>Address</th><th>What</th></tr></thead><tbody>${routes.map((cells) => `<tr>${cells.map((cell, i) => `<td>${i === 1 ? `<code>${html(cell)}</code>` : html(cell)}</td>`).join('')}</tr>`).join('')}</tbody></table>
<h3>Columns</h3>${columnsTable(signature)}
${takesForms(signature) ? `<h3>Pictures as files</h3><pre>${html(`curl -s http://HOST/predict/${name} -F ${signature.inputs[0]?.name}=@picture.jpg`)}</pre>` : ''}
${example === '' ? '' : `<h3>Example</h3><pre>${html(example.slice(0, 4000))}</pre>`}
${thresholdPart(signature, name)}</section>`
  })
  const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${cut([...models.models.keys()].join(', '))}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere }
table { border-collapse: collapse; display: block; overflow-x: auto }
th, td { text-align: left; padding: 0.3rem 0.8rem; border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent) }
pre { overflow-x: auto; padding: 0.8rem; background: color-mix(in srgb, currentColor 8%, transparent) }
</style>
</head>
<body>
<h1>Model server</h1>
<p>Everything here for programs: <a href="/openapi.json">/openapi.json</a>. MLflow's <code>/invocations</code> (JSON forms and CSV) and <code>/predict</code> ask the first model. A value that does not fit is refused with status 400 and a sentence that names its row and column; a category or value that training never saw is answered, with a warning.</p>
${sections.join('\n')}
</body>
</html>
`
  cache.set(models.models, page)
  return page
}

/** What a model of two classes lets a request set. */
function thresholdPart(signature: Signature, name: string): string {
  const own = signature.params?.find((param) => param.name === 'threshold')
  if (!own) return ''
  const params = `{"threshold":${otherThreshold(signature)}}`
  const lines = [
    `curl -s http://HOST/predict/${name} -H 'Content-Type: application/json' \\\n  -d '{"params":${params},"rows":[...]}'`,
    ...(takesForms(signature) ? [`curl -s http://HOST/predict/${name} -F ${signature.inputs[0]?.name}=@picture.jpg -F 'params=${params}'`] : []),
  ]
  return `<h3>Threshold</h3><p>With ${own.default} as this model's own threshold, ${thresholdRule(signature, (label) => `<code>${cut(label)}</code>`)}. A request may ask for another one, from ${own.min} to ${own.max}, beside its rows: under <code>params</code>, also in MLflow's JSON, in v2 under <code>parameters</code>. The probabilities stay as they are.</p><pre>${html(lines.join('\n'))}</pre>`
}

function columnsTable({ inputs }: Signature): string {
  const rows = inputs.slice(0, 500).map((input) => `<tr><td>${cut(input.name)}</td><td>${input.kind}</td><td>${input.nullable ? 'yes' : 'no'}</td><td>${cut(String(cellSchema(input)['description'] ?? ''))}</td></tr>`)
  return `<table><thead><tr><th>Column</th><th>Kind</th><th>May be null</th><th>Training</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
}
