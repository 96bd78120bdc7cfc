import type { Plugin } from 'vite'

/** `virtual:glasshouse-server` and `virtual:glasshouse-scorer`: the bundle's programs as text. */
export function serverSource(): Plugin
