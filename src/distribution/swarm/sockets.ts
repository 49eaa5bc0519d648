import { lookup } from 'node:dns';
import { connect, isIP, type LookupFunction, Socket } from 'node:net';
import { isLoopback } from '../peer-address.ts';

/** Every socket reads into the same memory: what arrives is parsed before the next read. */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);

/** Takes what was read; the bytes are valid during the call only. */
export type OnRead = (chunk: Buffer) => void;

const readingTo = (onRead: OnRead) => ({
  buffer: READ_BUFFER,
  callback: (bytes: number) => {
    onRead(READ_BUFFER.subarray(0, bytes));
    return true;
  },
});

/** Resolves a name; one that is not of this machine must not lead to it. */
const resolve: LookupFunction = (name, options, answer) => {
  lookup(name, { ...options, all: true }, (error, found = []) => {
    const allowed = isLoopback(name) ? found : found.filter(({ address }) => !isLoopback(address));
    const [first] = allowed;
    if (error ?? !first) answer(error ?? new Error(`${name} leads to this machine`), '', 0);
    else if (options.all) answer(null, allowed);
    else answer(null, first!.address, first!.family);
  });
};

/** A socket that connects, and reads without allocating. */
export function dial(host: string, port: number, onRead: OnRead): Socket {
  const names = isIP(host) > 0 ? {} : { lookup: resolve };
  return connect({ host, port, ...names, onread: readingTo(onRead) }).resume();
}

/**
 * The connection of an accepted, paused socket, as a socket that reads without allocating. Node lets only sockets that
 * one creates read into memory of one's own; with its own 64 KiB for each read, an accepted one makes the garbage
 * collector walk the whole heap many times a second. So the handle moves to a new socket, the way Node's own listener
 * makes one, and the emptied one is closed for the listener to forget it.
 */
export function adopt(accepted: Socket, onRead: OnRead): Socket {
  const owner = accepted as Socket & { _handle: unknown };
  const options = { handle: owner._handle, onread: readingTo(onRead) };
  owner._handle = null;
  owner.destroy();
  return new Socket(options as ConstructorParameters<typeof Socket>[0]).resume();
}
