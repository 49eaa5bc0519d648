import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Entry } from './entry.ts';
import { tarOf } from './tar.ts';

export interface Bundle {
  readonly version: string;
  readonly entries: readonly Entry[];
  readonly seconds: number;
}

/** Hexadecimal digits of the payload's hash in the name of the folder. */
const ID_DIGITS = 16;

/**
 * A shell script with the program behind it. It unpacks itself once into the user's cache, under the hash of its content, and from
 * then on only starts what is there. It needs sh, tar, gzip and tail, which Linux and macOS have.
 */
export function selfExtracting({ version, entries, seconds }: Bundle): Buffer {
  const payload = gzipSync(tarOf(entries, seconds));
  const id = createHash('sha256').update(payload).digest('hex').slice(0, ID_DIGITS);
  const script = scriptOf(`${version}-${id}`);
  const lines = script.split('\n').length;
  return Buffer.concat([Buffer.from(script.replace('@LINES@', String(lines))), payload]);
}

/** The rename is done by Node, as it must fail where another start was faster; `mv` would move into that folder. */
const scriptOf = (folder: string): string => `#!/bin/sh
# Bitorch. This file is a shell script with the program behind it: it unpacks once into the cache and starts it from there.
set -eu
case $0 in */*) self=$0 ;; *) self=$(command -v -- "$0") ;; esac
self=$(CDPATH= cd -- "$(dirname -- "$self")" && pwd)/$(basename -- "$self")
if [ -n "\${XDG_CACHE_HOME:-}" ]; then cache=$XDG_CACHE_HOME
elif [ -n "\${HOME:-}" ]; then cache=$HOME/.cache
else
  echo 'bitorch: there is no place to unpack to: set HOME or XDG_CACHE_HOME' >&2
  exit 1
fi
place=$cache/bitorch/${folder}
if [ ! -d "$place" ]; then
  mkdir -p "$cache/bitorch"
  unpacked=$(mktemp -d "$cache/bitorch/unpacking.XXXXXX")
  trap 'rm -rf "$unpacked"' EXIT INT TERM
  chmod 755 "$unpacked"
  if ! tail -n +@LINES@ "$self" | tar -xzf - -C "$unpacked"; then
    echo "bitorch: it cannot be unpacked into $cache/bitorch: is the disk full, or the file incomplete?" >&2
    exit 1
  fi
  "$unpacked/bin/node" -e 'require("node:fs").renameSync(...process.argv.slice(1))' "$unpacked" "$place" 2>/dev/null || [ -d "$place" ]
  rm -rf "$unpacked"
  trap - EXIT INT TERM
fi
BITORCH_LAUNCHER=$self exec "$place/bin/node" "$place/app/src/cli/main.ts" "$@"
`;
