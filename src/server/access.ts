import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BitorchError } from '#base';
import { type ApiTokens, SCOPES, type Scope } from '#node';
import type { Sessions } from './sessions.ts';

/** What a request that was let in may do now: a stream can outlive its token or its session. */
const scopesOf = new WeakMap<FastifyRequest, () => ReadonlySet<Scope> | undefined>();

/** Whether a request that was let in may still see or do what belongs to a scope. */
export const mayUse = (request: FastifyRequest, scope: Scope): boolean =>
  scopesOf.get(request)?.()?.has(scope) ?? false;

/** Who a request is of, as far as places are counted: its token, or its browser's cookie. */
export const holderOf = (request: FastifyRequest): string =>
  request.headers.authorization?.trim().split(' ').at(-1) ?? cookieOf(request) ?? '';

/**
 * Who may talk to the server: our own host names and those that the operator allows, and only with a token or the page's
 * cookie.
 */
export class Access {
  readonly #tokens: ApiTokens;
  readonly #hosts: ReadonlySet<string>;
  /** Those of them that the operator allows. */
  readonly #allowed: ReadonlySet<string>;
  readonly #sessions: Sessions;

  constructor(options: {
    host: string;
    allowHosts: readonly string[];
    tokens: ApiTokens;
    sessions: Sessions;
  }) {
    this.#tokens = options.tokens;
    this.#sessions = options.sessions;
    this.#allowed = new Set(options.allowHosts.map(bracketed));
    const own = ['127.0.0.1', 'localhost', '::1', options.host].map(bracketed);
    this.#hosts = new Set([...own, ...this.#allowed]);
  }

  /** Refuses every request, to any route, that was not sent to one of our own host names. */
  guardHost(app: FastifyInstance): void {
    app.addHook('onRequest', async (request) => this.#checkHost(request));
  }

  /**
   * Refuses strangers on every route of this part of the server, so that no spelling of a path gets around it, and tokens
   * whose scopes do not hold the one that `need` names for the request.
   */
  guardRoutes(routes: FastifyInstance, need: (request: FastifyRequest) => Scope): void {
    routes.addHook('onRequest', async (request) => {
      const scopes = this.#scopesOf(request);
      const needed = need(request);
      if (!scopes)
        throw new BitorchError(
          'UNAUTHORIZED',
          'send the API token as "Authorization: Bearer <token>"; the node prints it when it starts',
        );
      if (!scopes.has(needed))
        throw new BitorchError(
          'FORBIDDEN_SCOPE',
          `this token may not do that: it takes one with the scope "${needed}"`,
        );
      scopesOf.set(request, () => this.#scopesOf(request));
    });
  }

  /** Begins a session of the page for whoever has a token that opens everything: the Set-Cookie header. */
  signIn(request: FastifyRequest, token: string): string {
    if (!this.#tokens.scopesOf(token)?.has('admin'))
      throw new BitorchError(
        'UNAUTHORIZED',
        'this is not the token of this node; copy it from the terminal again',
      );
    return cookie(request, this.#sessions.open());
  }

  /** Ends the session of a request, if it has one: the Set-Cookie header that removes the cookie. */
  signOut(request: FastifyRequest): string {
    if (this.#isOwnOrigin(request)) this.#sessions.close(cookieOf(request) ?? '');
    return `${cookie(request, '')}; Max-Age=0`;
  }

  /** Whether the request carries the cookie of a session, sent by our own page. */
  hasSession(request: FastifyRequest): boolean {
    const secret = cookieOf(request);
    return secret !== undefined && this.#isOwnOrigin(request) && this.#sessions.use(secret);
  }

  /** A page on a foreign name that points at 127.0.0.1 (DNS rebinding) sends its own name as Host. */
  #checkHost(request: FastifyRequest): void {
    const host = request.headers.host ?? '';
    if (this.#hosts.has(nameOf(host))) return;
    throw new BitorchError(
      'FORBIDDEN_HOST',
      `this node does not answer to the host name "${host.slice(0, 80)}": start it with --http-allow-host and the name`,
    );
  }

  /**
   * SameSite ignores ports too: a page of another port would ride on the cookie, but it cannot hide its Origin. Names that the
   * operator allows may be those of a proxy that speaks HTTPS.
   */
  #isOwnOrigin({ headers: { origin, host = '' } }: FastifyRequest): boolean {
    if (origin === undefined || origin === `http://${host}`) return true;
    return origin === `https://${host}` && this.#allowed.has(nameOf(host));
  }

  /** Undefined for strangers. */
  #scopesOf(request: FastifyRequest): ReadonlySet<Scope> | undefined {
    const token = tokenOf(request);
    if (token !== undefined) return this.#tokens.scopesOf(token);
    return this.hasSession(request) ? new Set(SCOPES) : undefined;
  }
}

/** `Authorization: Bearer …` as OpenAI's clients send it, or the header of Azure's or Anthropic's. */
function tokenOf({ headers }: FastifyRequest): string | undefined {
  const bearer = /^Bearer[ \t]+(\S+)$/i.exec(headers.authorization?.trim() ?? '')?.[1];
  const [key] = [headers['x-api-key'], headers['api-key']].flat().filter((value) => value !== undefined);
  return bearer ?? key?.trim();
}

const nameOf = (host: string): string => host.replace(/:\d+$/, '').toLowerCase();

/** As a Host header has it. */
const bracketed = (host: string): string =>
  host.includes(':') && !host.startsWith('[') ? `[${host.toLowerCase()}]` : host.toLowerCase();

/** Browsers share cookies between the ports of a host, so each node's cookie is named by its port. */
const cookieName = (request: FastifyRequest): string => `bitorch_session_${request.socket.localPort ?? 0}`;

/** Without an age: it ends with the browser's session. */
const cookie = (request: FastifyRequest, secret: string): string =>
  `${cookieName(request)}=${secret}; Path=/; HttpOnly; SameSite=Strict`;

function cookieOf(request: FastifyRequest): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === cookieName(request)) return value;
  }
  return undefined;
}
