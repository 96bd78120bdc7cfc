import type { Plugin } from 'vite'

/** `virtual:glasshouse-server`: the bundle's server as text. */
export function serverSource(): Plugin
