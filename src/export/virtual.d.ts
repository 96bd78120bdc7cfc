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
