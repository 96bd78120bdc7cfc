#!/usr/bin/env node
/**
 * `npm run cli -- ...` and `npx glasshouse ...`: is the command line that was built. In a checkout it is built
 * first wherever a source changed; a package has no sources, only what was built when it was packed.
 */
import { existsSync } from 'node:fs'

const fail = (text) => {
  process.stderr.write(`glasshouse: ${text}\n`)
  process.exit(1)
}
const builder = new URL('build.mjs', import.meta.url)
const built = new URL('../../dist-cli/glasshouse.mjs', import.meta.url)

if (existsSync(builder)) {
  try {
    await (await import(builder.href)).buildCli()
  } catch (error) {
    fail(`the command line could not be built: ${error instanceof Error ? error.message : String(error)}`)
  }
} else if (!existsSync(built)) fail('missing dist-cli; this package was packed before it was built, and with scripts switched off: npm run build && npm pack')
await import(built.href)
