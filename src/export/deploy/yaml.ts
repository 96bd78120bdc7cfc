/** Plain data as YAML 1.2 in block style. Every text is in double quotes, so nothing is taken for a number, a date or no. */
export type Yaml = string | number | boolean | null | readonly Yaml[] | { readonly [key: string]: Yaml }

const isPlainKey = (key: string): boolean => /^[A-Za-z_][\w.-]*$/.test(key) && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(key)
const keyText = (key: string): string => (isPlainKey(key) ? key : JSON.stringify(key))
const isEmpty = (value: Yaml): boolean => typeof value === 'object' && value !== null && Object.keys(value).length === 0
const isNested = (value: Yaml): value is readonly Yaml[] | { readonly [key: string]: Yaml } => typeof value === 'object' && value !== null && !isEmpty(value)

function lines(value: Yaml, indent: string): string[] {
  if (!isNested(value)) return [indent + JSON.stringify(value)]
  if (Array.isArray(value)) {
    return value.flatMap((item: Yaml) => {
      const [first = '', ...rest] = lines(item, `${indent}  `)
      return [`${indent}- ${first.trimStart()}`, ...rest]
    })
  }
  return Object.entries(value).flatMap(([key, item]) => (isNested(item) ? [`${indent}${keyText(key)}:`, ...lines(item, `${indent}  `)] : [`${indent}${keyText(key)}: ${JSON.stringify(item)}`]))
}

/** @param documents each becomes one document of the file */
export const yamlText = (comment: string, ...documents: readonly Yaml[]): string => `${comment.split('\n').map((line) => `# ${line}`).join('\n')}\n${documents.map((document) => `${lines(document, '').join('\n')}\n`).join('---\n')}`
