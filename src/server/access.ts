import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BitorchError } from '#base';
import { type ApiTokens, SCOPES, type Scope } from '#node';
import type { Sessions } from './sessions.ts';

/** Current rights of an admitted request. A stream can outlive its token or session, so they are checked again. */
const scopesOf = new WeakMap<FastifyRequest, () => ReadonlySet<Scope> | undefined>();

/** Whether an admitted request still has a scope. */
export const mayUse = (request: FastifyRequest, scope: Scope): boolean =>
  scopesOf.get(request)?.()?.has(scope) ?? false;

/** Identifies the sender of a request for rate limits: its token or its browser's cookie. */
export const holderOf = (request: FastifyRequest): string =>
  request.headers.authorization?.trim().split(' ').at(-1) ?? cookieOf(request) ?? '';

/**
 * Access control of the server: requests must name an own or allowed host, and carry a token or the page's cookie.
 */
export class Access {
  readonly #tokens: ApiTokens;
  readonly #hosts: ReadonlySet<string>;
  /** The host names that the operator allows. */
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

  /** Refuses every request, on any route, whose Host header is not one of the known names. */
  guardHost(app: FastifyInstance): void {
    app.addHook('onRequest', async (request) => this.#checkHost(request));
  }

  /**
   * Requires a token or session on every route of this plugin, so that no spelling of a path bypasses the check. A token must
   * have the scope that `need` returns for the request.
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
          `this token is not allowed to do that; use one with the scope "${needed}"`,
        );
      scopesOf.set(request, () => this.#scopesOf(request));
    });
  }

  /** Starts a page session for a client with an admin token. Returns the Set-Cookie header. */
  signIn(request: FastifyRequest, token: string): string {
    if (!this.#tokens.scopesOf(token)?.has('admin'))
      throw new BitorchError(
        'UNAUTHORIZED',
        'this is not the token of this node; copy it from the terminal again',
      );
    return cookie(request, this.#sessions.open());
  }

  /** Ends the request's session, if any. Returns the Set-Cookie header that removes the cookie. */
  signOut(request: FastifyRequest): string {
    if (this.#isOwnOrigin(request)) this.#sessions.close(cookieOf(request) ?? '');
    return `${cookie(request, '')}; Max-Age=0`;
  }

  /** Whether the request carries a session cookie and comes from the node's own page. */
  hasSession(request: FastifyRequest): boolean {
    const secret = cookieOf(request);
    return secret !== undefined && this.#isOwnOrigin(request) && this.#sessions.use(secret);
  }

  /** Against DNS rebinding: a page on a foreign name that resolves to 127.0.0.1 sends that name as Host. */
  #checkHost(request: FastifyRequest): void {
    const host = request.headers.host ?? '';
    if (this.#hosts.has(nameOf(host))) return;
    throw new BitorchError(
      'FORBIDDEN_HOST',
      `this node does not answer to the host name "${host.slice(0, 80)}": to allow it, start the node with --http-allow-host`,
    );
  }

  /**
   * SameSite ignores ports, so a page on another port would be sent the cookie too; its Origin gives it away. Allowed names may
   * belong to an HTTPS proxy.
   */
  #isOwnOrigin({ headers: { origin, host = '' } }: FastifyRequest): boolean {
    if (origin === undefined || origin === `http://${host}`) return true;
    return origin === `https://${host}` && this.#allowed.has(nameOf(host));
  }

  /** Undefined when the request has no valid credentials. */
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

/** A host in the spelling of the Host header. */
const bracketed = (host: string): string =>
  host.includes(':') && !host.startsWith('[') ? `[${host.toLowerCase()}]` : host.toLowerCase();

/** Browsers share cookies between the ports of a host, so each node's cookie is named by its port. */
const cookieName = (request: FastifyRequest): string => `bitorch_session_${request.socket.localPort ?? 0}`;

/** Has no Max-Age, so the cookie ends with the browser's session. */
const cookie = (request: FastifyRequest, secret: string): string =>
  `${cookieName(request)}=${secret}; Path=/; HttpOnly; SameSite=Strict`;

function cookieOf(request: FastifyRequest): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === cookieName(request)) return value;
  }
  return undefined;
}
