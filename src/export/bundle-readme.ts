import { formLimits, takesForms } from '../core/bundle/form-request.ts'
import { otherThreshold, thresholdRule } from '../core/bundle/params.ts'
import { modelSlug } from '../core/bundle/responses.ts'
import type { Signature } from '../core/bundle/signature.ts'
import type { LeftOutFile } from '../core/code/write.ts'

/** Reasons quote names of the data, which are no markup. */
const inCode = (text: string): string => `\`${text.replace(/[`\s]+/g, ' ').slice(0, 400)}\``

/** What a model of two classes lets a request set. */
function thresholdPart(signature: Signature): string {
  const own = signature.params?.find(({ name }) => name === 'threshold')
  if (!own) return ''
  const params = `{"threshold":${otherThreshold(signature)}}`
  return `Ask at another threshold than the model's own, ${own.default}: ${thresholdRule(signature, inCode)}.
Probabilities stay as they are. \`params\` stands beside the rows, also in MLflow's JSON; in v2 it is called \`parameters\`. KServe v1 and CSV
have no place for it:

    sed 's/{/{"params":${params},/' example-predict.json | curl -s http://127.0.0.1:8080/predict -H 'Content-Type: application/json' -d @-
${takesForms(signature) ? `    curl -s http://127.0.0.1:8080/predict -F ${signature.inputs[0]?.name}=@picture.jpg -F 'params=${params}'
` : ''}
`
}

/** README.md of a bundle: for the person who runs it, whatever they know of the studio. */
export function bundleReadme(signature: Signature, leftOut: readonly LeftOutFile[]): string {
  const model = modelSlug(signature.name)
  return `# ${model}

A model exported by Glasshouse, and a small server for it. Needs Node 20 or newer. The one dependency is
ONNX Runtime (onnxruntime-node, CPU); Fastify and prom-client are built in (server/NOTICES.txt). Nothing is
downloaded at run time and nothing is reported: ONNX Runtime's telemetry is switched off.

    npm ci
    npm test        # golden rows, then requests that must be refused
    npm start       # listens on http://127.0.0.1:8080

Ask it by column names:

    curl -s http://127.0.0.1:8080/predict -H 'Content-Type: application/json' -d @example-predict.json

${takesForms(signature) ? `Send it files, JPEG, PNG, WebP or GIF, ${formLimits.pictures} at most:

    curl -s http://127.0.0.1:8080/predict -F ${signature.inputs[0]?.name}=@picture.jpg

` : ''}Ask it by the Open Inference Protocol v2:

    curl -s http://127.0.0.1:8080/v2/models/${model}/infer -H 'Content-Type: application/json' -d @example-infer.json

${thresholdPart(signature)}Other clients: KServe v1 at /v1/models/${model}:predict, MLflow at /invocations (dataframe_split,
dataframe_records, instances, inputs, or CSV). http://127.0.0.1:8080/ lists every route, for programs
at /openapi.json.

Nothing to install at all: \`npx glasshouse single BUNDLE.zip --out ${model}.mjs\` (or the studio's Deploy page) writes this
server, its model and ONNX Runtime's WebAssembly into one file; \`node ${model}.mjs\` starts it. It is slower.

## What is here

| File | What |
|---|---|
| model.onnx | raw columns in, answer out: preparation, class names and threshold are inside the graph |
| signature.json | every column: kind, range or categories seen in training, whether it may be missing; what a request may set |
| golden.json | rows with the studio's own answers; the server answers them at each start |
| reference.json | how inputs and answers were distributed; /metrics compares with it |
| deploy/ | Kubernetes, compose, KServe, Triton, Prometheus, Grafana, GitHub Actions; see deploy/README.md |
| server/score.mjs, batch/ | the same answers for files: one CSV, or many on Dask, Ray or Spark; see batch/README.md |
| MODEL_CARD.md, .html, model_card.json | what the model is for, how it was judged, what is not known |
| code/twin.py, .ipynb, .ts | the run again, without the studio: the same file, rows (split.json), recipe and estimator in pandas and scikit-learn, XGBoost or PyTorch, and on the studio's own engine; each says how near its scores come. A model that was brought in, or learnt from other rows or otherwise than anything does today, is not learnt again: its twin asks the model as it is (the file that was brought in, or model.onnx; in TypeScript pipeline.json) and says why at its head. Pictures are found by their SHA-256 in the folder that DATA names; where the pretrained network sees them, twin.py takes it from model.onnx |
| code/model.*, prepare.mjs | the model as JavaScript, Python, C and, unless it keeps rows or is a network, SQL; it takes features as the recipe prepares them, which prepare.mjs does in JavaScript |
| tfjs/ | networks and logistic regression: a layers model for TensorFlow.js, for the features of prepare.mjs, or for pixels from 0 to 1 of the size that run.json says (224 x 224 where the pretrained network looks, which is part of it); bringing a picture to that size is not |
| pipeline.json | recipe and model in the studio's own form, versioned, with its SHA-256; \`npx glasshouse predict pipeline.json FILE.csv\` opens it |
| run.json | how it was trained |
| manifest.json | SHA-256 of every file; the server does not start (exit code 78) where one differs |

${leftOut.length === 0 ? '' : `Not here, and why:

${leftOut.map(({ path, reason }) => `- ${path}: ${inCode(reason)}`).join('\n')}

`}## How values are read

Numbers must be finite JSON numbers. null means missing, where signature.json says nullable. Dates are text
in the layout of signature.json (in v2 also INT64 seconds since 1970, UTC). A category that training never
saw is answered as the recipe was told to, and a value outside the range of training is answered too: both
are listed under "warnings" with their row and column (in v2 counted under "parameters"), as is a picture of
which only the first frame or eight bits a channel are looked at. Every column must
be present in every row, and no other may be; /invocations ignores others, as MLflow does, unless it
knows none of them. In v2 each input
has shape [rows, 1]; whole numbers of any width may come where they fit their width and ours, FP64 for FP32 may not. A fraction where
training saw whole numbers alone is answered with a warning. Anything else is refused with status 400 and a sentence that names row and column.

## Settings (environment)

| Name | Default | What |
|---|---|---|
| PORT, HOST | 8080, 127.0.0.1 | where it listens; the image sets 0.0.0.0 |
| METRICS_PORT, METRICS_HOST | 9090, 127.0.0.1 | Prometheus' /metrics; METRICS_PORT=off for none |
| THREADS | cores less one, 4 at most | threads that run the graph |
| QUEUE | 256 | requests that may wait, or pictures of them (one of many megabytes counts as several); further ones get 503 |
| BATCH_ROWS | 256 | what waits is answered together up to this many rows |
| BODY_LIMIT | 1000000 | bytes of a body; 20000000 where a model takes pictures, and room for four rows where it takes thousands of columns |
| BODIES_LIMIT | 16000000 | bytes of all bodies under way together, until they are answered; twice BODY_LIMIT where that is more. Beyond it they get 503; one alone is always let in. Each byte takes about ten of memory |
| INFERENCE_TIMEOUT_MS | 10000 | for one run of the graph, which takes one picture; then the thread is replaced and the request gets 503 |
| DRAIN_DELAY_MS, DRAIN_MS | 500, 10000 | how long readiness says no before the door may close, which it does when nobody new comes; how long all of it takes at most |
| REQUEST_LOG | off | a file, or - for the output: each row and its answer as a line of JSON; opened anew on SIGHUP, on a full disk its lines are lost and counted |
| REQUEST_LOG_REDACT | none | columns, by commas or as a JSON list, whose values are not written, in whatever case; * for all. Answers are always written. A name that no model has refuses the start, and a reload |
| SERVING, WATCH | none | several models and versions, below; WATCH=1 reloads when the file changes |

## Several models and versions

SERVING names a JSON file; its folders are bundles, relative to it:

    { "models": [ { "name": "${model}", "versions": { "1": "first", "2": "second" },
        "aliases": { "champion": "1", "challenger": "2" }, "default": "champion",
        "routing": { "kind": "shadow", "to": "challenger" } } ] }

A version or an alias may stand in every address. With shadow routing the challenger is asked the same beside
the champion and its answer goes to the request log alone. { "kind": "split", "weights": { "champion": 9,
"challenger": 1 } } answers from either by weight, the same X-Request-Id always from the same; with a request
log the others are asked too and all are logged. On SIGHUP the server opens what is new, asks its golden rows
and swaps; no request is dropped, and where something is wrong everything stays as it was. Send it after the line
"listening": in the first tenth of a second, while Node itself starts, SIGHUP ends any program of Node, but for
process 1 of a container.

## Container

    docker build -t ${model} . && docker run --rm --read-only --cap-drop ALL -p 8080:8080 ${model}

The image runs as a user without rights on a file system it cannot write, and its last stage holds no npm and
no compiler. The base image is named by version and digest; how to take a newer one stands in deploy/README.md.
On SIGTERM the server turns not ready, finishes what it has (10 s at most) and exits with 0.
`
}
