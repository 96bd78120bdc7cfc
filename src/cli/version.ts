declare const __APP_VERSION__: string
/** Of the package, put in by the build. */
export const appVersion: string = __APP_VERSION__
