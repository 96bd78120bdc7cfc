/** Manifests for Kubernetes: nothing runs as root, writes, calls out, or is without limits. */
import type { Yaml } from './yaml.ts'

const port = { http: 8080, metrics: 9090 } as const

/** @param model name in addresses: also the name of every object */
export function kubernetesObjects(model: string): Yaml[] {
  const name = `model-${model}`.slice(0, 63).replace(/-+$/, '')
  const labels = { 'app.kubernetes.io/name': name, 'app.kubernetes.io/component': 'model-server' }
  const selector = { matchLabels: { 'app.kubernetes.io/name': name } }
  const metadata = { name, labels }
  const probe = (path: string, more: { readonly [key: string]: Yaml }): Yaml => ({ httpGet: { path, port: 'http' }, timeoutSeconds: 2, ...more })
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 2,
        selector,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: {
          metadata: { labels, annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(port.metrics), 'prometheus.io/path': '/metrics' } },
          spec: {
            serviceAccountName: name,
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            // The drain: half a second of saying no, ten of finishing, and room.
            terminationGracePeriodSeconds: 20,
            securityContext: { runAsNonRoot: true, runAsUser: 65534, runAsGroup: 65534, fsGroup: 65534, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                name: 'server',
                image: `registry.example.org/${model}:1`,
                imagePullPolicy: 'IfNotPresent',
                ports: [{ name: 'http', containerPort: port.http }, { name: 'metrics', containerPort: port.metrics }],
                env: [{ name: 'HOST', value: '0.0.0.0' }, { name: 'METRICS_HOST', value: '0.0.0.0' }, { name: 'THREADS', value: '1' }, { name: 'DRAIN_DELAY_MS', value: '3000' }],
                resources: { requests: { cpu: '250m', memory: '192Mi' }, limits: { cpu: '2', memory: '512Mi' } },
                securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, privileged: false, capabilities: { drop: ['ALL'] } },
                startupProbe: probe('/v2/health/ready', { periodSeconds: 1, failureThreshold: 30 }),
                readinessProbe: probe('/v2/health/ready', { periodSeconds: 2, failureThreshold: 1 }),
                livenessProbe: probe('/v2/health/live', { periodSeconds: 10, failureThreshold: 3 }),
              },
            ],
            topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: selector }],
          },
        },
      },
    },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { type: 'ClusterIP', selector: selector.matchLabels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] } },
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata,
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name }, minReplicas: 2, maxReplicas: 10, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } }] },
    },
    { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec: { minAvailable: 1, selector } },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      spec: {
        podSelector: selector,
        policyTypes: ['Ingress', 'Egress'],
        ingress: [
          { ports: [{ port: port.http, protocol: 'TCP' }] },
          { from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }], ports: [{ port: port.metrics, protocol: 'TCP' }] },
        ],
        // It never calls anybody.
        egress: [],
      },
    },
  ]
}

/** KServe runs ONNX files itself; the model is expected at the address. */
export const kserveObject = (model: string): Yaml => ({
  apiVersion: 'serving.kserve.io/v1beta1',
  kind: 'InferenceService',
  metadata: { name: model },
  spec: { predictor: { minReplicas: 1, maxReplicas: 10, model: { modelFormat: { name: 'onnx' }, protocolVersion: 'v2', storageUri: `s3://models/${model}`, resources: { requests: { cpu: '250m', memory: '256Mi' }, limits: { cpu: '2', memory: '1Gi' } } } } },
})

export const composeObject = (model: string): Yaml => ({
  services: {
    [model]: {
      build: '..',
      read_only: true,
      user: '65534:65534',
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      ports: [`127.0.0.1:${port.http}:${port.http}`],
      environment: { HOST: '0.0.0.0', METRICS_HOST: '0.0.0.0' },
      mem_limit: '512m',
      cpus: 2,
      pids_limit: 128,
      restart: 'unless-stopped',
      stop_grace_period: '15s',
    },
    prometheus: { image: 'prom/prometheus:v2.53.0@sha256:075b1ba2c4ebb04bc3a6ab86c06ec8d8099f8fda1c96ef6d104d9bb1def1d8bc', read_only: true, user: '65534:65534', cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], tmpfs: ['/prometheus'], volumes: ['./prometheus.yaml:/etc/prometheus/prometheus.yml:ro', './prometheus-rules.yaml:/etc/prometheus/rules.yaml:ro'], ports: ['127.0.0.1:9091:9090'] },
  },
})
