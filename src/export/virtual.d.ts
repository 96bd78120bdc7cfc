declare module 'virtual:glasshouse-server' {
  const source: string
  export default source
}
