import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BitorchError, domainHash, sha256, toHex, utf8 } from '#base';

const SESSION_MAX_AGE_S = 30 * 24 * 3600;

/** Who may talk to the server: our own host names only, and only with the token or the page's cookie. */
export class Access {
  readonly #token: string;
  readonly #hosts: Set<string>;
  readonly #session: string;

  constructor(options: { host: string; token: string }) {
    this.#token = options.token;
    this.#hosts = new Set(['127.0.0.1', 'localhost', '[::1]', bracketed(options.host)]);
    // The cookie follows from the token: it outlives a restart, ends with the token, and does not tell it.
    this.#session = toHex(domainHash('server-session', utf8(options.token)));
  }

  /** Refuses every request, to any route, that was not sent to one of our own host names. */
  guardHost(app: FastifyInstance): void {
    app.addHook('onRequest', async (request) => this.#checkHost(request));
  }

  /** Refuses strangers on every route of this scope, so that no spelling of a path gets around it. */
  guardRoutes(scope: FastifyInstance): void {
    scope.addHook('onRequest', async (request) => this.#checkCaller(request));
  }

  isToken(candidate: string): boolean {
    return equalSecrets(candidate, this.#token);
  }

  /** Whether the request carries this node's session cookie, sent by our own page. */
  hasSession(request: FastifyRequest): boolean {
    const cookie = cookieOf(request, cookieName(request));
    return cookie !== undefined && equalSecrets(cookie, this.#session) && isOwnOrigin(request);
  }

  /** The Set-Cookie header that lets the page in. */
  sessionCookie(request: FastifyRequest): string {
    return `${cookieName(request)}=${this.#session}; Path=/; Max-Age=${SESSION_MAX_AGE_S}; HttpOnly; SameSite=Strict`;
  }

  /** A page on a foreign name that points at 127.0.0.1 (DNS rebinding) sends its own name as Host. */
  #checkHost(request: FastifyRequest): void {
    const host = request.headers.host ?? '';
    if (this.#hosts.has(host.replace(/:\d+$/, '').toLowerCase())) return;
    throw new BitorchError(
      'FORBIDDEN_HOST',
      `this node does not answer to the host name "${host.slice(0, 80)}"`,
    );
  }

  #checkCaller(request: FastifyRequest): void {
    const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (bearer !== undefined ? this.isToken(bearer) : this.hasSession(request)) return;
    throw new BitorchError(
      'UNAUTHORIZED',
      'send the API token as "Authorization: Bearer <token>"; the node prints it when it starts',
    );
  }
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host.toLowerCase());

/** Compares hashes, so that neither content nor length shows in the time it takes. */
function equalSecrets(a: string, b: string): boolean {
  return timingSafeEqual(sha256(utf8(a)), sha256(utf8(b)));
}

/** Browsers share cookies between the ports of a host, so each node's cookie is named by its port. */
const cookieName = (request: FastifyRequest): string => `bitorch_session_${request.socket.localPort ?? 0}`;

function cookieOf(request: FastifyRequest, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}

/** SameSite ignores ports too: a page of another port would ride on the cookie, but it cannot hide its Origin. */
function isOwnOrigin(request: FastifyRequest): boolean {
  const { origin, host } = request.headers;
  return origin === undefined || origin === `http://${host}`;
}
