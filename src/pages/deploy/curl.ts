/** A request that the exported server answers, with values from the middle of what training saw. */
import { plainBody } from '../../core/bundle/examples.ts'
import { takesForms } from '../../core/bundle/form-request.ts'
import type { Signature, SignatureInput } from '../../core/bundle/signature.ts'
import { formatDatetime } from '../../core/ingest/datetime.ts'

function valueOf(input: SignatureInput): string | number | boolean | null {
  switch (input.kind) {
    case 'boolean':
      return true
    case 'categorical':
      return input.categories?.[0] ?? (input.nullable ? null : '')
    case 'image':
      return 'the file in base64'
    case 'datetime':
      return input.min === undefined ? null : formatDatetime(input.layout ?? 'epoch-seconds', input.min)
    case 'numeric': {
      if (input.min === undefined || input.max === undefined) return 0
      const middle = (input.min + input.max) / 2
      return input.integer ? Math.round(middle) : Number(middle.toPrecision(4))
    }
  }
}

/** Text as one word of a POSIX shell: nothing in it is expanded. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

export const curlOf = (signature: Signature): string =>
  takesForms(signature) ? `curl http://127.0.0.1:8080/predict -F ${shellWord(`${signature.inputs[0]?.name}=@picture.jpg`)}` : `curl http://127.0.0.1:8080/predict \\\n  -H 'content-type: application/json' \\\n  -d ${shellWord(plainBody(signature, [signature.inputs.map(valueOf)]))}`
