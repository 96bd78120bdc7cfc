/**
 * A bundle run as a container runs it, without an engine: no network but its own loopback, every file system read-only,
 * nobody's user, no capability and no way to a new one.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { resolve } from 'node:path'

export interface Contained {
  readonly uid: number
  readonly capabilities: string
  /** Of the machine's networks. */
  readonly networks: readonly string[]
  /** Folders that a file could be written to. */
  readonly writable: readonly string[]
  readonly ready?: number
  readonly answer?: readonly [status: number, rows: number]
  readonly exit: number
  readonly output: string
}

const box = `set -eu
ip link set lo up
awk '$3 !~ /^(proc|sysfs|cgroup2?|devpts|devtmpfs)$/ {print $2}' /proc/self/mounts | sort -u | while read -r place; do mount -o remount,bind,ro "$place" 2>/dev/null || true; done
cd "$1"
exec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --ambient-caps=-all --bounding-set=-all --no-new-privs -- "$2" "$3"`

/** Why this machine cannot, or undefined: namespaces are root's to make. */
export function containedNeeds(): string | undefined {
  if (process.getuid?.() !== 0) return 'namespaces of network and mounts need root'
  const tried = spawnSync('unshare', ['--net', '--mount', 'sh', '-c', 'command -v ip && command -v setpriv && ip link set lo up && mount -o remount,bind,ro /'], { encoding: 'utf8' })
  return tried.status === 0 ? undefined : `this machine has no unshare, ip or setpriv, or does not let them: ${tried.error?.message ?? tried.stderr}`
}

/** @param folder an unpacked bundle; @param above the folders over it that only their owner may enter */
export function runContained(folder: string, above: readonly string[]): Contained {
  for (const place of above) chmodSync(place, 0o755)
  const done = spawnSync('unshare', ['--net', '--mount', 'sh', '-c', box, 'box', folder, process.execPath, resolve('test/support/contained-client.mjs')], { encoding: 'utf8', timeout: 20_000, env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' } })
  if (done.status !== 0) throw new Error(`the box ended with ${done.status ?? done.signal}: ${done.stderr}`)
  return JSON.parse(done.stdout) as Contained
}
