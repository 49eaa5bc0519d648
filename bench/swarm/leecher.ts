/** One leecher of bench/swarm.ts as its own process: prints `pieces` and `files` when these are verified. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createLog, fromHex } from '#base';
import { parseMetainfo, Swarm, verifyFiles } from '#distribution';

const [torrentFile, directory, tracker, sha256] = process.argv.slice(2) as [string, string, string, string];
const metainfo = parseMetainfo(new Uint8Array(readFileSync(torrentFile)));
const swarm = new Swarm(
  { peerId: new Uint8Array(randomBytes(20)) },
  { log: createLog(process.env.BITORCH_LOG ?? 'warn') },
);
await swarm.start();
const torrent = await swarm.add({ metainfo, directory, trackers: [tracker], want: 'all' });
await torrent.wait('all');
process.stdout.write('pieces\n');
if (sha256) {
  const files = metainfo.files.map(({ path, length }) => ({ path, size: length, sha256: fromHex(sha256) }));
  await verifyFiles(torrent, files);
}
process.stdout.write('files\n');
process.on('SIGTERM', () => void swarm.stop().then(() => process.exit(0)));
