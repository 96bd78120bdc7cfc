import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { contentSecurityPolicy, responseHeaders } from '../../../src/core/headers.ts'

it('the host file repeats the headers', () => {
  const stated = readFileSync('public/_headers', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('  '))
    .map((line) => line.trim())
  expect(stated).toEqual(Object.entries(responseHeaders).map(([name, value]) => `${name}: ${value}`))
})
it('the policy lets nothing out and evaluates no text', () => {
  expect(contentSecurityPolicy).toContain("default-src 'none'")
  expect(contentSecurityPolicy).toContain("connect-src 'self';")
  expect(contentSecurityPolicy).not.toMatch(/'unsafe-eval'|https?:|\*/)
  expect(contentSecurityPolicy.replace("style-src-attr 'unsafe-inline'", '')).not.toContain("'unsafe-inline'")
})
