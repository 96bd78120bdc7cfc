/** Everything under deploy/ in a bundle. */
/// <reference path="../virtual.d.ts" />
import { modelSlug } from '../../core/bundle/responses.ts'
import type { Signature } from '../../core/bundle/signature.ts'
import gate from '../server/template/gate.mjs?raw'
import { composeObject, kserveObject, kubernetesObjects } from './kubernetes.ts'
import { grafanaDashboard, prometheusConfig, prometheusRules } from './observing.ts'
import { tritonConfig } from './triton.ts'
import { workflowObject } from './workflow.ts'
import { yamlText } from './yaml.ts'

/** Path and text of each file. */
export function deployFiles(signature: Signature): [string, string][] {
  const model = modelSlug(signature.name)
  return [
    ['deploy/README.md', readme(model)],
    ['deploy/kubernetes.yaml', yamlText('kubectl apply -f kubernetes.yaml\nPut your registry and the digest of your image in the place of registry.example.org.', ...kubernetesObjects(model))],
    ['deploy/compose.yaml', yamlText('docker compose -f deploy/compose.yaml up --build', composeObject(model))],
    ['deploy/kserve.yaml', yamlText('kubectl apply -f kserve.yaml, with model.onnx at the storageUri.', kserveObject(model))],
    ['deploy/triton/config.pbtxt', tritonConfig(signature)],
    ['deploy/prometheus.yaml', yamlText('For compose.yaml.', prometheusConfig(model))],
    ['deploy/prometheus-rules.yaml', yamlText('Alerts of a model server; where another job than that of prometheus.yaml scrapes it, put its name into the first.', prometheusRules(model))],
    ['deploy/grafana-dashboard.json', `${JSON.stringify(grafanaDashboard(model), null, 2)}\n`],
    ['deploy/github-actions.yaml', yamlText('Copy to .github/workflows/model.yaml of a repository that holds the unpacked bundle and data/new.csv.\nIts variable GLASSHOUSE_REPOSITORY names the repository of the studio, owner/name.', workflowObject(model))],
    ['deploy/gate.mjs', gate],
  ]
}

const readme = (model: string): string => `# Running ${model} somewhere

| File | For |
|---|---|
| kubernetes.yaml | Deployment, Service, autoscaler, disruption budget, network policy. The image is built from the Dockerfile above this folder. |
| compose.yaml, prometheus.yaml | the server and Prometheus on one machine |
| kserve.yaml | KServe's own ONNX runtime, without this server; model.onnx goes to the storageUri |
| triton/config.pbtxt | NVIDIA Triton: \`mkdir -p models/${model}/1 && cp triton/config.pbtxt models/${model}/ && cp ../model.onnx models/${model}/1/\` |
| prometheus-rules.yaml, grafana-dashboard.json | alerts and a dashboard on the server's own metrics |
| github-actions.yaml, gate.mjs | verify, train again on new data, hold against the served model (\`MAX_LOSS\`, \`MIN_GAIN\`, \`MIN_SCORE\` in the step's \`env\`), publish |

The pods run as user 65534 on a file system that they cannot write, without capabilities, without a token of the
cluster, and may call nobody. Image tags are examples: put the digest of what you built in their place. In KServe
and Triton the values go to the graph as they are: what this server refuses or warns of, they do not.

The images that others publish, Node in the Dockerfile and Prometheus in compose.yaml, are named by version and by the
digest of their index for all platforms, so that a tag that moves changes nothing here. A newer one, with the mended
faults of its system, is taken on purpose: look its digest up, put version and digest in, build, and run \`npm test\`.

\`\`\`sh
docker buildx imagetools inspect node:20.19.5-bookworm-slim --format '{{.Manifest.Digest}}'
docker build --build-arg NODE_IMAGE=node:VERSION-bookworm-slim@sha256:DIGEST -t ${model} .    # or try it before it is written down
\`\`\`
`
