import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Request, Response } from 'cosmjs-types/tendermint/abci/types';
import { BitorchError, codeOf, messageOf } from '#base';
import type { Application } from '../application/index.ts';
import { Dispatch } from './dispatch.ts';
import { FrameReader, frame } from './frames.ts';
import { freeSocketPath } from './socket-path.ts';

export interface AbciServerOptions {
  /** `unix:///path` or `tcp://127.0.0.1:26658`; port 0 picks a free port. */
  readonly address: string;
  /** Longest message accepted, in bytes. */
  readonly maxMessageBytes?: number;
  /** Most connections at a time. CometBFT opens four. */
  readonly maxConnections?: number;
}

export interface AbciServerDependencies {
  readonly application: Application;
  /** Receives the error that ended a connection. */
  readonly onFault?: (error: unknown) => void;
}

/** Requests in progress on a connection above which reading pauses. */
const MAX_UNDER_WAY = 1_024;

/**
 * Serves an application over ABCI's socket protocol. Requests of a connection are answered in order. A client has
 * full power over the application: listen only where nothing but the engine can connect.
 */
export class AbciServer {
  readonly #address: string;
  readonly #maxMessageBytes: number;
  readonly #dispatch: Dispatch;
  readonly #onFault: (error: unknown) => void;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(
    { address, maxMessageBytes = 64 * 2 ** 20, maxConnections = 16 }: AbciServerOptions,
    { application, onFault = () => undefined }: AbciServerDependencies,
  ) {
    this.#address = address;
    this.#maxMessageBytes = maxMessageBytes;
    this.#dispatch = new Dispatch(application);
    this.#onFault = onFault;
    this.#server = createServer((socket) => this.#serve(socket));
    this.#server.maxConnections = maxConnections;
  }

  /**
   * Starts listening and returns the address. Throws OPTION_INVALID when the address is malformed, LISTEN_FAILED
   * when it is taken, and errors of the system.
   */
  async start(): Promise<string> {
    const { protocol, path, host, port } = partsOf(this.#address);
    if (path !== undefined) await freeSocketPath(path);
    this.#server.listen(path === undefined ? { host, port } : { path });
    await once(this.#server, 'listening');
    const bound = this.#server.address();
    return bound && typeof bound === 'object' ? `${protocol}://${host}:${bound.port}` : this.#address;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', this.#onFault);
    const connection = new Connection(socket, this.#dispatch, this.#maxMessageBytes, this.#onFault);
    socket.on('data', (bytes) => connection.read(bytes));
  }
}

/** Keeps replies in order. Only CheckTx and Query run while other requests are in progress. */
class Connection {
  readonly #socket: Socket;
  readonly #dispatch: Dispatch;
  readonly #frames: FrameReader;
  readonly #onFault: (error: unknown) => void;
  #written: Promise<unknown> = Promise.resolve();
  #underWay = 0;

  constructor(
    socket: Socket,
    dispatch: Dispatch,
    maxMessageBytes: number,
    onFault: (error: unknown) => void,
  ) {
    this.#socket = socket;
    this.#dispatch = dispatch;
    this.#frames = new FrameReader(maxMessageBytes);
    this.#onFault = onFault;
  }

  read(bytes: Uint8Array): void {
    try {
      for (const message of this.#frames.push(bytes)) this.#take(Request.decode(message));
    } catch (error) {
      this.#fail(error);
    }
  }

  #take(request: Request): void {
    if (++this.#underWay >= MAX_UNDER_WAY) this.#socket.pause();
    const free = request.checkTx || request.query || request.echo || request.info;
    const begun = free ? Promise.resolve() : this.#written;
    const reply = begun.then(() => this.#dispatch.answer(request));
    // Handled below, in request order.
    reply.catch(() => undefined);
    this.#written = this.#written.then(async () => {
      try {
        this.#socket.write(frame(await reply));
      } catch (error) {
        this.#fail(error);
      }
      if (--this.#underWay < MAX_UNDER_WAY / 2) this.#socket.resume();
    });
  }

  /** Reports the error and closes: after an error engine and application may no longer agree. */
  #fail(error: unknown): void {
    this.#onFault(error);
    const exception = { error: `${codeOf(error)}: ${messageOf(error)}` };
    this.#socket.end(frame(Response.encode(Response.fromPartial({ exception })).finish()));
    this.#socket.destroySoon();
  }
}

function partsOf(address: string): { protocol: string; path?: string; host?: string; port?: number } {
  const [, unix] = /^unix:\/\/(\/.+)$/.exec(address) ?? [];
  if (unix !== undefined) return { protocol: 'unix', path: unix };
  const [, host, port] = /^tcp:\/\/(\[[0-9a-f:]+\]|[^:/]+):(\d{1,5})$/i.exec(address) ?? [];
  if (host === undefined || Number(port) > 65_535) {
    throw new BitorchError('OPTION_INVALID', `${address}: write it as unix:///path or tcp://127.0.0.1:26658`);
  }
  return { protocol: 'tcp', host: host.replace(/[[\]]/g, ''), port: Number(port) };
}
