import { createReadStream, lstatSync, readFileSync, realpathSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { BitorchError, codeOf, messageOf } from '#base';
import { type Engine, type EngineFile, type EngineResult, MAX_HITS, plain } from './engine.ts';

/** Paths of clamd's socket in common distributions. */
const SOCKETS = ['/var/run/clamav/clamd.ctl', '/run/clamd.scan/clamd.sock', '/tmp/clamd.socket'];
/** Users as which distributions run clamd, in folders that root created for it. */
const USERS = ['clamav', 'clamscan', 'clamupdate'];
const OTHERS_WRITE = 0o002;
const MAX_REPLY_BYTES = 4096;
const CHUNK_BYTES = 256 * 1024;
/** Longest silence: clamd loads its signatures before it answers, and reads a whole file before it reports. */
const TIMEOUT_MS = 120_000;

export interface ClamAvOptions {
  /** Path of clamd's socket, or `host:port`; the usual paths if absent. */
  readonly address?: string;
}

/** ClamAV through its daemon. Every file is streamed to it (INSTREAM of clamd(8)), so it needs no read permission. */
export class ClamAv implements Engine {
  readonly name = 'ClamAV';
  readonly #address: string | undefined;

  constructor({ address }: ClamAvOptions = {}) {
    this.#address = address ?? SOCKETS.find((path) => strangerOf(path) === undefined);
  }

  async check(files: readonly EngineFile[], signal: AbortSignal): Promise<EngineResult> {
    const result = { engine: this.name, version: '', hits: [] };
    const address = this.#address;
    if (address === undefined) {
      return {
        ...result,
        state: 'missing',
        note: 'clamd is not running: install and start clamav-daemon.',
      };
    }
    const stranger = hostAndPort(address) ? undefined : strangerOf(address);
    if (stranger !== undefined) return { ...result, state: 'missing', note: plain(`${address} ${stranger}`) };
    try {
      const version = plain(await converse(address, 'VERSION', signal));
      return { ...result, version, ...(await checkAll(address, files, signal)) };
    } catch (error) {
      signal.throwIfAborted();
      const state = ['ENOENT', 'ECONNREFUSED'].includes(codeOf(error)) ? 'missing' : 'failed';
      return { ...result, state, note: plain(`clamd at ${address} does not answer: ${messageOf(error)}`) };
    }
  }
}

async function checkAll(address: string, files: readonly EngineFile[], signal: AbortSignal) {
  const hits: { path: string; name: string }[] = [];
  const unread: string[] = [];
  for (const { path, location } of files) {
    const reply = await converse(address, 'INSTREAM', signal, location);
    const [, found] = /^stream: (.+) FOUND$/.exec(reply) ?? [];
    if (found) hits.push({ path, name: plain(found) });
    else if (reply !== 'stream: OK') unread.push(`${path} (${plain(reply) || 'no answer'})`);
  }
  const note =
    unread.length > 0 ? plain(`Not read: ${unread.join(', ')}. Raise StreamMaxLength in clamd.conf.`) : '';
  const state = hits.length > 0 ? 'found' : unread.length > 0 ? 'partial' : 'clean';
  return { state, note, hits: hits.slice(0, MAX_HITS) } as const;
}

/** Sends one command and returns the reply. Commands with prefix `z` and their replies end with a zero byte. */
async function converse(
  address: string,
  command: string,
  signal: AbortSignal,
  file?: string,
): Promise<string> {
  const socket = open(address);
  const abort = () => socket.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  socket.setTimeout(TIMEOUT_MS, () =>
    socket.destroy(new BitorchError('CLAMD_TIMEOUT', 'it sent nothing for too long')),
  );
  try {
    const reply = replyOf(socket);
    reply.catch(() => undefined);
    socket.write(`z${command}\0`);
    // Over its size limit clamd replies and closes the connection while the file is still being sent: only the reply
    // counts then.
    if (file !== undefined)
      await stream(socket, file, reply).catch((error) => reply.catch(() => Promise.reject(error)));
    return await reply;
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

function open(address: string): Socket {
  const tcp = hostAndPort(address);
  return tcp ? connect(Number(tcp.port), tcp.host) : connect(address);
}

function hostAndPort(address: string): { host: string; port: string } | undefined {
  const [, host, port] = /^([^/]+):(\d+)$/.exec(address) ?? [];
  return host === undefined || port === undefined ? undefined : { host, port };
}

/**
 * Why a socket must not be used; undefined if it may. Its owner sees every file and decides which are clean, so it
 * must belong to root, to this user, or to clamav's user in a folder where nobody else can create one.
 */
function strangerOf(path: string): string | undefined {
  try {
    const socket = lstatSync(path);
    const folder = lstatSync(realpathSync(dirname(path)));
    if (!socket.isSocket()) return 'is not a socket.';
    const trusted = [0, process.getuid?.(), ...uidsOf(USERS)];
    const isOpen = (folder.mode & OTHERS_WRITE) !== 0;
    if (!trusted.includes(socket.uid) || (isOpen && !trusted.slice(0, 2).includes(socket.uid)))
      return 'belongs to another user: clamd must run as root, as clamav or as you.';
    if (!trusted.includes(folder.uid)) return 'lies in a folder of another user.';
    return undefined;
  } catch (error) {
    return `cannot be used (${codeOf(error)}): install and start clamav-daemon.`;
  }
}

/** User ids by name, from passwd(5). */
function uidsOf(names: readonly string[]): number[] {
  const fields = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  return fields.filter(([name = '']) => names.includes(name)).map(([, , uid]) => Number(uid));
}

/**
 * Sends a file as chunks of u32 length (big-endian) and bytes, ended by a length of zero. Stops early once clamd has
 * replied.
 */
async function stream(socket: Socket, file: string, reply: Promise<string>): Promise<void> {
  let answered = false;
  const settle = () => {
    answered = true;
  };
  const done = reply.then(settle, settle);
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES })) {
    if (answered) return;
    const length = Buffer.alloc(4);
    length.writeUInt32BE((chunk as Buffer).length);
    socket.write(length);
    if (!socket.write(chunk as Buffer)) await Promise.race([drained(socket), done]);
  }
  socket.write(Buffer.alloc(4));
}

const drained = (socket: Socket) => new Promise<void>((resolve) => socket.once('drain', resolve));

function replyOf(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (more) => {
      text += more;
      const end = text.indexOf('\0');
      if (end >= 0) resolve(text.slice(0, end));
      else if (text.length > MAX_REPLY_BYTES)
        socket.destroy(new BitorchError('CLAMD_INVALID', 'its reply is too long'));
    });
    socket.on('error', reject);
    socket.on('close', () =>
      reject(new BitorchError('CLAMD_CLOSED', 'it closed the connection without a reply')),
    );
  });
}
