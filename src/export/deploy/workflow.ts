/** A GitHub Actions workflow: verify the bundle, train again on new data, hold the new model against gates, publish it. */
import type { Yaml } from './yaml.ts'

/** A word of a shell, whatever is in it. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

export function workflowObject(model: string): Yaml {
  const checkout = { uses: 'actions/checkout@v4' }
  const node = { uses: 'actions/setup-node@v4', with: { 'node-version': '20' } }
  return {
    name: `Model ${model}`,
    on: { push: { branches: ['main'] }, workflow_dispatch: {}, schedule: [{ cron: '17 4 * * 1' }] },
    permissions: { contents: 'read' },
    concurrency: { group: `model-${model}`, 'cancel-in-progress': false },
    jobs: {
      verify: {
        'runs-on': 'ubuntu-24.04',
        'timeout-minutes': 10,
        steps: [checkout, node, { name: 'Checksums and golden rows', run: 'npm ci\nnpm run verify\nnpm test\n' }],
      },
      retrain: {
        needs: 'verify',
        if: "github.event_name != 'push'",
        'runs-on': 'ubuntu-24.04',
        'timeout-minutes': 60,
        permissions: { contents: 'write' },
        steps: [
          checkout,
          node,
          { name: 'The studio, for its command line', uses: checkout.uses, with: { repository: '${{ vars.GLASSHOUSE_REPOSITORY }}', path: '.glasshouse' } },
          { name: 'Build the command line', 'working-directory': '.glasshouse', run: 'npm ci\nnpm run kernels\n' },
          { name: 'Train on the new data', run: 'set -euo pipefail\nnode .glasshouse/src/cli/run.mjs retrain run.json data/new.csv --json --out new.zip > new.json\n' },
          { name: 'Verify the new bundle', run: 'node .glasshouse/src/cli/run.mjs verify new.zip\n' },
          { name: 'Gates: no worse than what is served', run: 'unzip -q new.zip -d new\nnode deploy/gate.mjs run.json new/run.json\n' },
          { name: 'Publish', run: `gh release create "model-\${GITHUB_RUN_NUMBER}" new.zip --title ${quoted(`Model ${model}`)} --notes-file new/MODEL_CARD.md\n`, env: { GH_TOKEN: '${{ github.token }}' } },
        ],
      },
    },
  }
}
