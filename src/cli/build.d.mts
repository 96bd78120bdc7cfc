/** Builds dist-cli where a source changed since. */
export function buildCli(options?: { readonly force?: boolean }): Promise<void>
