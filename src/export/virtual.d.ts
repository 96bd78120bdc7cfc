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
