/** A leecher as its own process, to be killed: `node leecher-process.ts <torrent> <directory> <port>`. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseMetainfo, Swarm } from '#distribution';
import { quiet } from './swarm.ts';

const [torrentFile, directory, port] = process.argv.slice(2) as [string, string, string];
const metainfo = parseMetainfo(new Uint8Array(readFileSync(torrentFile)));
const swarm = new Swarm({ peerId: new Uint8Array(randomBytes(20)) }, { log: quiet });
await swarm.start();
const torrent = await swarm.add({ metainfo, directory, trackers: [], want: 'all' });
torrent.on('piece', () => process.stdout.write(`${torrent.progress().bytesHave}\n`));
torrent.addPeer('127.0.0.1', Number(port));
