declare module 'virtual:glasshouse-server' {
  const source: string
  export default source
}
declare module 'virtual:glasshouse-single' {
  const source: string
  export default source
}
declare module 'virtual:glasshouse-scorer' {
  const source: string
  export default source
}
declare module 'virtual:glasshouse-notices' {
  const text: string
  export default text
}
declare module 'virtual:glasshouse-preparer' {
  const source: string
  export default source
}
/** As a data: address, so that a program of one file has it inside. */
declare module '*.wasm?url&inline' {
  const address: string
  export default address
}
/** Scripts of a card's page, each one statement that declares `glasshouseCard`: src/export/card. */
declare module 'virtual:glasshouse-card-program' {
  const source: string
  export default source
}
declare module 'virtual:glasshouse-card-graph' {
  const source: string
  export default source
}
