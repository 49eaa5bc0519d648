/** The seeder of bench/swarm.ts as its own process: prints `ready`, and the bytes that it sent when it is stopped. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createLog } from '#base';
import { parseMetainfo, Swarm } from '#distribution';

const [torrentFile, directory, tracker] = process.argv.slice(2) as [string, string, string];
const metainfo = parseMetainfo(new Uint8Array(readFileSync(torrentFile)));
const swarm = new Swarm({ peerId: new Uint8Array(randomBytes(20)) }, { log: createLog('warn') });
await swarm.start();
const torrent = await swarm.add({ metainfo, directory, trackers: [tracker] });
process.stdout.write('ready\n');
process.on('SIGTERM', () => {
  const sent = torrent.peers().reduce((sum, { uploaded }) => sum + uploaded, 0);
  process.stdout.write(`${sent}\n`);
  void swarm.stop().then(() => process.exit(0));
});
