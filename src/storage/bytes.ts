/** How much room a record takes, roughly: typed arrays exactly, text at two bytes a character. */
export function byteSize(value: unknown): number {
  let total = 0
  const rest: unknown[] = [value]
  while (rest.length > 0) {
    const item = rest.pop()
    if (typeof item === 'string') total += 2 * item.length
    else if (typeof item === 'number') total += 8
    else if (ArrayBuffer.isView(item)) total += item.byteLength
    else if (Array.isArray(item)) for (const element of item) rest.push(element)
    else if (typeof item === 'object' && item !== null) {
      for (const [name, element] of Object.entries(item)) {
        total += 2 * name.length
        rest.push(element)
      }
    }
  }
  return total
}
