import { connect, type LookupFunction, Socket } from 'node:net';
import { type Dialable, resolveDialable } from '#network/addresses';

/** Read buffer shared by all sockets: data is parsed before the next read. */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);

/** What a peer's connection needs of its socket: TCP, or a stream of the host. */
export interface WireSocket {
  write(bytes: Uint8Array, onWritten?: () => void): unknown;
  cork(): void;
  uncork(): void;
  setNoDelay(on: boolean): unknown;
  /** Calls back when nothing has come for so long. */
  setTimeout(ms: number, callback: () => void): unknown;
  destroy(): unknown;
  /** Destroys the socket once everything is written. */
  destroySoon(): void;
  on(event: 'error' | 'close', listener: (error: Error) => void): unknown;
  once(event: 'connect' | 'close', listener: () => void): unknown;
}

/** Receives data; the bytes are valid only during the call. */
export type OnRead = (chunk: Buffer) => void;

const readingTo = (onRead: OnRead) => ({
  buffer: READ_BUFFER,
  callback: (bytes: number) => {
    onRead(READ_BUFFER.subarray(0, bytes));
    return true;
  },
});

/**
 * Connects a socket that reads without allocating. A name must not resolve to a narrower scope than the name itself
 * implies.
 */
export function dial(place: Dialable, onRead: OnRead): Socket {
  const lookup: LookupFunction = (_name, { all }, answer) => {
    void resolveDialable(place, place.scope).then((found) => {
      const addresses = found.map(({ host, kind }) => ({ address: host, family: kind === 'ip6' ? 6 : 4 }));
      const [first] = addresses;
      if (!first) answer(new Error(`${place.host} resolves to no address that may be dialled`), '', 0);
      else if (all) answer(null, addresses);
      else answer(null, first.address, first.family);
    });
  };
  const { kind, host, port } = place;
  return connect({ host, port, ...(kind === 'name' && { lookup }), onread: readingTo(onRead) }).resume();
}

/**
 * Moves the connection of an accepted, paused socket to a socket that reads without allocating. Node supports a caller's
 * read buffer only for sockets it creates; the default of 64 KiB per read makes the garbage collector scan the heap many
 * times a second. So the handle is moved to a new socket, as Node's own server does, and the old socket is destroyed so
 * that the server forgets it.
 */
export function adopt(accepted: Socket, onRead: OnRead): Socket {
  const owner = accepted as Socket & { _handle: unknown };
  const options = { handle: owner._handle, onread: readingTo(onRead) };
  owner._handle = null;
  owner.destroy();
  return new Socket(options as ConstructorParameters<typeof Socket>[0]).resume();
}
