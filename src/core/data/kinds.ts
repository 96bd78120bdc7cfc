/** What a column means, which decides how it may be used. */
export const kinds = ['numeric', 'categorical', 'boolean', 'datetime', 'text', 'id', 'image'] as const
export type Kind = (typeof kinds)[number]
/** Those that a table's column may be given; pictures come another way. */
export const tableKinds = kinds.filter((kind) => kind !== 'image')

export const kindHelp: Readonly<Record<Kind, string>> = {
  numeric: 'A quantity: it can be ordered, added and averaged.',
  categorical: 'One of a limited set of names, without an order.',
  boolean: 'True or false.',
  datetime: 'A moment in time, kept as UTC.',
  text: 'Free text; models leave it out for now.',
  id: 'Names a row; it cannot teach a model anything, so models leave it out.',
  image: 'A picture; the column holds the SHA-256 of its file, and the file lies beside the data.',
}
