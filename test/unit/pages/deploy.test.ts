/** The request shown for the exported server, as a shell and a JSON reader see it. */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import type { Signature } from '../../../src/core/bundle/signature.ts'
import { curlOf, shellWord } from '../../../src/pages/deploy/curl.ts'

const signature: Signature = {
  version: 1,
  name: 'model',
  task: 'binary',
  target: 'y',
  classes: ['no', 'yes'],
  outputs: [],
  inputs: [
    { name: "it's $HOME `x`", kind: 'numeric', tensor: 'float', nullable: false, min: 0, max: 10 },
    { name: '__proto__', kind: 'categorical', tensor: 'string', nullable: true, categories: ["a'b", 'c'] },
    { name: 'flag', kind: 'boolean', tensor: 'float', nullable: false },
    { name: 'age', kind: 'numeric', tensor: 'float', nullable: false, integer: true, min: 1, max: 4 },
  ],
}

describe('curl example', () => {
  it('reaches the server as the JSON that was meant, whatever the names hold', () => {
    const body = /-d ([\s\S]*)$/.exec(curlOf(signature))?.[1] ?? ''
    const seen = execFileSync('/bin/sh', ['-c', `printf %s ${body}`], { encoding: 'utf8' })
    expect(seen).toBe(`{"rows":[{"it's $HOME \`x\`":5,"__proto__":"a'b","flag":true,"age":3}]}`)
  })
  it('quotes a word', () => expect(shellWord("a'b")).toBe(`'a'\\''b'`))
})
