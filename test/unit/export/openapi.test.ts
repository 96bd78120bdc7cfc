/** What a server says of itself is made once for each set of models that is loaded. */
import { expect, test } from 'vitest'
import type { Signature } from '../../../src/core/bundle/signature.ts'
import { docsPage } from '../../../src/export/server/docs-page.ts'
import type { Models } from '../../../src/export/server/models.ts'
import { openApi } from '../../../src/export/server/openapi.ts'

const signature: Signature = { version: 1, name: 'm', task: 'regression', target: 'y', inputs: [{ name: 'a', kind: 'numeric', tensor: 'float', nullable: false }], classes: [], outputs: [{ name: 'value', tensor: 'double', shape: [-1, 1] }] }

test.each([['the OpenAPI document', openApi], ['its page', docsPage]])('%s: once for each set', (_, write) => {
  let read = 0
  const version = {
    get signature() {
      read++
      return signature
    },
    bundle: { golden: { rows: [] } },
  }
  const model = { name: 'm', config: { aliases: new Map(), fallback: '1' }, versions: new Map([['1', version]]), fallback: version }
  const loaded = (name: string) => ({ models: new Map([[name, model]]), first: model }) as unknown as Models
  const one = loaded('m')
  const text = write(one)
  const once = read
  expect([write(one), read]).toEqual([text, once])
  expect(once).toBeGreaterThan(0)
  expect([write(loaded('other')).includes('other'), read]).toEqual([true, 2 * once])
})
