import { connect, type LookupFunction, Socket } from 'node:net';
import { type Dialable, resolveDialable } from '#network/addresses';

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

/** A socket that connects, and reads without allocating. A name leads no further inside than it says itself. */
export function dial(place: Dialable, onRead: OnRead): Socket {
  const lookup: LookupFunction = (_name, { all }, answer) => {
    void resolveDialable(place, place.scope).then((found) => {
      const addresses = found.map(({ host, kind }) => ({ address: host, family: kind === 'ip6' ? 6 : 4 }));
      const [first] = addresses;
      if (!first) answer(new Error(`${place.host} leads to no place that may be dialled`), '', 0);
      else if (all) answer(null, addresses);
      else answer(null, first.address, first.family);
    });
  };
  const { kind, host, port } = place;
  return connect({ host, port, ...(kind === 'name' && { lookup }), onread: readingTo(onRead) }).resume();
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
