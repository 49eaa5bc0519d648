/**
 * A transfer between Transmission and our swarm: `node transmission-process.ts seed|leech <home> <bytes>`, where the word
 * says what we are. Transmission takes no peers on loopback, so this is to be run in a network namespace whose only
 * interface has the addresses below. Prints the seconds that the transfer took.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMetainfo, type Metainfo, Swarm, Tracker } from '#distribution';
import { quiet } from './swarm.ts';
import { OUR_ADDRESS, THEIR_ADDRESS } from './transmission.ts';

const [role, home, bytes] = process.argv.slice(2) as ['seed' | 'leech', string, string];
const RPC = { host: THEIR_ADDRESS, port: 9091 };

interface Status {
  percentDone: number;
  /** 5 and 6: waits to seed, seeds. */
  status: number;
}

/** Transmission's settings: nothing but plain TCP to the tracker's peers. */
const settings = (directory: string) => ({
  'download-dir': directory,
  'bind-address-ipv4': THEIR_ADDRESS,
  'peer-port': 51413,
  'rpc-bind-address': RPC.host,
  'rpc-port': RPC.port,
  'rpc-whitelist-enabled': false,
  'rpc-host-whitelist-enabled': false,
  encryption: 0,
  'dht-enabled': false,
  'lpd-enabled': false,
  'utp-enabled': false,
  'port-forwarding-enabled': false,
  preallocation: 0,
});

/** One call of Transmission's RPC; its first answer is a token that each call has to bring. */
async function call(method: string, args: object, token = ''): Promise<{ torrents: Status[] }> {
  const response = await fetch(`http://${RPC.host}:${RPC.port}/transmission/rpc`, {
    method: 'POST',
    headers: { 'x-transmission-session-id': token },
    body: JSON.stringify({ method, arguments: args }),
  });
  if (response.status === 409) return call(method, args, response.headers.get('x-transmission-session-id')!);
  return ((await response.json()) as { arguments: { torrents: Status[] } }).arguments;
}

async function startTransmission(directory: string): Promise<() => Promise<void>> {
  const configuration = join(home, 'transmission');
  await mkdir(configuration);
  await writeFile(join(configuration, 'settings.json'), JSON.stringify(settings(directory)));
  const daemon = spawn('transmission-daemon', ['-f', '-g', configuration], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => daemon.once('exit', () => resolve()));
  while (!(await call('session-get', {}).catch(() => undefined))) await sleep(50);
  return () => {
    daemon.kill('SIGKILL');
    return ended;
  };
}

async function untilTransmissionIsSeed(): Promise<void> {
  for (;;) {
    const { torrents } = await call('torrent-get', { fields: ['percentDone', 'status'] });
    if (torrents[0]?.percentDone === 1 && torrents[0].status >= 5) return;
    await sleep(50);
  }
}

/** Transmission looks for the files of a torrent below a folder of its name. */
async function makeModel(trackers: string[]): Promise<Metainfo> {
  const directory = join(home, 'seed/model');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'model.gguf'), randomBytes(Number(bytes)));
  await writeFile(join(directory, 'config.json'), '{}');
  const metainfo = await createMetainfo({
    directory,
    files: ['model.gguf', 'config.json'],
    name: 'model',
    trackers,
  });
  await writeFile(join(home, 'm.torrent'), metainfo.bytes);
  return metainfo;
}

const tracker = new Tracker({ host: OUR_ADDRESS, intervalSeconds: 5 });
await tracker.start();
const trackers = [tracker.announceUrl];
const metainfo = await makeModel(trackers);
const swarm = new Swarm({ host: OUR_ADDRESS, peerId: new Uint8Array(randomBytes(20)) }, { log: quiet });
await swarm.start();

const theirs = join(home, role === 'seed' ? 'leech' : 'seed');
const ours = join(home, role === 'seed' ? 'seed/model' : 'leech/model');
if (role === 'seed') await swarm.add({ metainfo, directory: ours, trackers });
const stop = await startTransmission(theirs);
let begin = performance.now();
await call('torrent-add', { filename: join(home, 'm.torrent') });
await untilTransmissionIsSeed();
if (role === 'leech') {
  begin = performance.now();
  const torrent = await swarm.add({ metainfo, directory: ours, trackers, want: 'all' });
  await torrent.wait('all');
}
process.stdout.write(`${((performance.now() - begin) / 1000).toFixed(1)}\n`);
await stop();
await swarm.stop();
await tracker.stop();
