/**
 * Trusted Types: under `require-trusted-types-for 'script'` a Worker or service worker takes no plain
 * address, in the page and in a worker. This is the only policy that makes one, and it knows our own origin only.
 */
interface ScriptUrlPolicy {
  createScriptURL(url: string): string
}
interface TrustedTypesFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): ScriptUrlPolicy
}

function sameOrigin(url: string): string {
  const absolute = new URL(url, location.href)
  if (absolute.origin !== location.origin) throw new TypeError(`invalid script address; not of this site: ${absolute.href}`)
  return absolute.href
}

let policy: ScriptUrlPolicy | undefined

/** @throws TypeError for an address of another origin */
export function trustedScriptUrl(url: string): string {
  const factory = (globalThis as { trustedTypes?: TrustedTypesFactory }).trustedTypes
  policy ??= factory ? factory.createPolicy('studio-script-url', { createScriptURL: sameOrigin }) : { createScriptURL: sameOrigin }
  return policy.createScriptURL(url)
}
