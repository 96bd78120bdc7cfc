/**
 * The `default` Trusted Types policy exists for the chart library alone. It passes the three harmless
 * things that the library writes and refuses everything else, so no text from data becomes markup.
 */
interface Rules {
  createHTML(text: string): string
}
interface Factory {
  createPolicy(name: string, rules: Rules): unknown
}

const entity = /^&#?[a-zA-Z0-9]+;$/
/** The library's logo, drawn once a chart; recognised by its beginning and by having no handler in it. */
const logo = /^\s*<svg xmlns=['"]http:\/\/www\.w3\.org\/2000\/svg['"] viewBox=['"]0 0 132 132['"]/

export function installDefaultPolicy(): void {
  const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes
  factory?.createPolicy('default', {
    createHTML(text) {
      if (text === '' || entity.test(text)) return text
      if (logo.test(text) && !/<script|\son[a-z]+\s*=|javascript:/i.test(text)) return text
      throw new TypeError(`unsupported markup; this page writes none: ${text.slice(0, 80)}`)
    },
  })
}

/** Defence in depth: what could carry bytes out past the content policy is taken off the page. */
export function removeSideDoors(): void {
  for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection', 'WebTransport']) Reflect.deleteProperty(globalThis, name)
}
