import { randomBytes } from 'node:crypto';
import { Agent, type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { BitorchError, codeOf, messageOf, toHex } from '#base';
import { proofOf, tokenId } from './api-tokens.ts';

/** URL and token of a node's HTTP API. */
export interface ApiAddress {
  readonly url: string;
  readonly token: string;
}

/** A request to the API; the token is added. */
export interface ApiRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

const PROOF_TIMEOUT_MS = 5_000;
const MAX_PROOF_BYTES = 1_024;
/** Statuses without a body. */
const BARE = [101, 204, 205, 304];

/**
 * A connection whose server has proved, over this same connection, that it knows the token (docs/api.md). A program that takes
 * the node's port before or after is therefore not at the other end.
 */
export class ProvenConnection {
  readonly #url: URL;
  readonly #token: string;
  readonly #agent: Agent;
  readonly #socket: Socket;

  private constructor(url: URL, token: string, agent: Agent, socket: Socket) {
    this.#url = url;
    this.#token = token;
    this.#agent = agent;
    this.#socket = socket;
  }

  /** Throws NODE_MISSING when nothing answers, NODE_UNPROVEN when the server does not know the token. */
  static async open({ url: given, token }: ApiAddress): Promise<ProvenConnection> {
    const url = urlOf(given);
    const options = { keepAlive: true, maxSockets: 1 };
    const agent = url.protocol === 'https:' ? new SecureAgent(options) : new Agent(options);
    try {
      const nonce = toHex(randomBytes(32));
      const asked = start(url, `/api/proof?token=${tokenId(token)}&nonce=${nonce}`, {
        agent,
        signal: AbortSignal.timeout(PROOF_TIMEOUT_MS),
      });
      asked.end();
      const answer = await answerTo(asked, url);
      const { socket } = answer;
      if ((await proofIn(answer)) === proofOf(token, nonce, portOf(url)))
        return new ProvenConnection(url, token, agent, socket);
    } catch (error) {
      agent.destroy();
      throw error;
    }
    agent.destroy();
    throw unproven(url);
  }

  /**
   * Sends one request, with the token, and closes the connection after the answer. It is never sent over another
   * connection: when this one has closed, throws NODE_UNPROVEN.
   */
  async request(path: string, { method, headers, body, signal }: ApiRequest = {}): Promise<Response> {
    const sent = start(this.#url, path, { method, headers: { ...headers }, signal, agent: this.#agent });
    sent.once('socket', (socket) => {
      if (socket !== this.#socket) return sent.destroy(unproven(this.#url));
      sent.setHeader('authorization', `Bearer ${this.#token}`);
      return sent.end(body);
    });
    sent.once('close', () => this.close());
    const answer = await answerTo(sent, this.#url);
    const { statusCode = 500 } = answer;
    const fields = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
      values.map((value): [string, string] => [name, value]),
    );
    if (BARE.includes(statusCode)) answer.resume();
    const stream = BARE.includes(statusCode) ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
    return new Response(stream, { status: statusCode, headers: fields });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Sends one request over a new proven connection. Throws what both steps throw. */
export async function askProven(
  address: ApiAddress,
  path: string,
  asked: ApiRequest = {},
): Promise<Response> {
  const connection = await ProvenConnection.open(address);
  return connection.request(path, asked).catch((error: unknown) => {
    connection.close();
    throw error;
  });
}

/** "localhost" may resolve to two addresses, and another program may listen on the one that the node does not use. */
export function urlOf(given: string): URL {
  const url = new URL(given);
  if (url.hostname === 'localhost') url.hostname = '127.0.0.1';
  return url;
}

const portOf = (url: URL): number => Number(url.port) || (url.protocol === 'https:' ? 443 : 80);

function start(url: URL, path: string, options: RequestOptions): ClientRequest {
  const target = new URL(`${url.pathname.replace(/\/+$/, '')}${path}`, url);
  return url.protocol === 'https:' ? secureRequest(target, options) : request(target, options);
}

async function answerTo(asked: ClientRequest, url: URL): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  asked.once('response', resolve).on('error', reject);
  return promise.catch((error: unknown) => {
    if (error instanceof BitorchError) throw error;
    throw new BitorchError(
      'NODE_MISSING',
      `no node answers at ${url.origin} (${messageOf(error) || codeOf(error)}): start one with "bitorch start"`,
    );
  });
}

/** The proof in an answer; undefined when there is none. */
async function proofIn(answer: IncomingMessage): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of answer as AsyncIterable<Uint8Array>) {
    parts.push(part);
    length += part.length;
    if (length > MAX_PROOF_BYTES) return undefined;
  }
  try {
    const { proof } = JSON.parse(Buffer.concat(parts).toString()) as { proof?: unknown };
    return typeof proof === 'string' ? proof : undefined;
  } catch {
    return undefined;
  }
}

const unproven = ({ origin }: URL): BitorchError =>
  new BitorchError(
    'NODE_UNPROVEN',
    `what answers at ${origin} does not know the token of your node, so nothing was sent to it: is another program on this port? A tunnel has to use the node's own port`,
  );
