/**
 * The headers of every response, in one place: the build's server sends them, the service worker stamps
 * them on what it serves (a page's policy does not bind the workers it starts, so each worker script
 * needs its own), the host files in public/ repeat them, and the tests compare them.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  // Charts and meters place themselves by style attributes.
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "frame-src 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types svelte-trusted-html studio-script-url default',
].join('; ')

export const responseHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': contentSecurityPolicy,
  // Web Bluetooth has no such feature name in Chromium, which would only warn.
  'Permissions-Policy':
    'camera=(self), microphone=(), geolocation=(), usb=(), serial=(), payment=(), browsing-topics=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  // Cross-origin isolation: what shared memory needs. The studio works without it.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
}
