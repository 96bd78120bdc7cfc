/** Selection of columns as lists do it: plain replaces, with Ctrl it toggles, with Shift it extends. */
export function selectColumns(
  selected: ReadonlySet<number>,
  anchor: number,
  column: number,
  event: { readonly extend: boolean; readonly add: boolean },
): ReadonlySet<number> {
  if (event.extend) {
    const next = new Set(event.add ? selected : [])
    for (let i = Math.min(anchor, column); i <= Math.max(anchor, column); i++) next.add(i)
    return next
  }
  if (event.add) {
    const next = new Set(selected)
    if (!next.delete(column)) next.add(column)
    return next
  }
  return selected.size === 1 && selected.has(column) ? new Set() : new Set([column])
}
