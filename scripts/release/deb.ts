import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type Entry, inOrder, textEntry } from './entry.ts';
import { tarOf } from './tar.ts';

export interface Package {
  readonly version: string;
  /** Debian's name: amd64, arm64. */
  readonly architecture: string;
  /** Files by their path on the system, without the first slash. */
  readonly entries: readonly Entry[];
  /** Time of all files, in seconds since 1970. */
  readonly seconds: number;
}

/** A binary package of Debian, deb(5). Node needs glibc 2.28 and libstdc++ 6.0.25, so Debian 10, Ubuntu 20.04 or newer. */
export function debOf({ version, architecture, entries, seconds }: Package): Buffer {
  const kilobytes = Math.ceil(entries.reduce((sum, { bytes }) => sum + bytes.length, 0) / 1024);
  const control = `Package: bitorch
Version: ${version}
Architecture: ${architecture}
Maintainer: The Bitorch developers <bitorch@localhost>
Installed-Size: ${kilobytes}
Depends: libc6 (>= 2.28), libstdc++6 (>= 8)
Recommends: bubblewrap
Suggests: clamav-daemon, yara
Section: net
Priority: optional
Description: peer-to-peer network for AI models
 Models spread the BitTorrent way, run split over many machines, and every
 answer can be checked. Node.js and all packages are inside.
`;
  const sums = inOrder(entries)
    .map(({ path, bytes }) => `${createHash('md5').update(bytes).digest('hex')}  ${path}\n`)
    .join('');
  const packed = (files: readonly Entry[]) => gzipSync(tarOf(files, seconds, './'));
  return arOf(seconds, [
    ['debian-binary', Buffer.from('2.0\n')],
    ['control.tar.gz', packed([textEntry('control', control), textEntry('md5sums', sums)])],
    ['data.tar.gz', packed(entries)],
  ]);
}

/** An archive of ar(5) in its common format. */
function arOf(seconds: number, members: readonly (readonly [string, Buffer])[]): Buffer {
  const parts = members.flatMap(([name, bytes]) => {
    const fields = [
      name.padEnd(16),
      `${seconds}`.padEnd(12),
      '0'.padEnd(6),
      '0'.padEnd(6),
      '100644'.padEnd(8),
    ];
    const head = `${fields.join('')}${`${bytes.length}`.padEnd(10)}\`\n`;
    return [Buffer.from(head), bytes, Buffer.from(bytes.length % 2 === 1 ? '\n' : '')];
  });
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}
