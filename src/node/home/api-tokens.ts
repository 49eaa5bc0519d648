import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import {
  BitorchError,
  check,
  codeOf,
  domainHash,
  fromHex,
  readTextFile,
  toHex,
  utf8,
  writeFileAtomic,
  z,
} from '#base';
import { SCOPES, type Scope, type TokenView } from '../api/node.ts';
import { loadApiToken } from './identity.ts';

const TOKEN_BYTES = 24;
const MAX_TOKENS = 64;
const NAME = /^[\w.-]{1,64}$/;
/** Names the token in `api.token`, which opens everything and cannot be revoked, only replaced. */
const OWNER = 'owner';

const recordSchema = z.strictObject({
  name: z.string().regex(NAME),
  scopes: z.array(z.enum(SCOPES)).min(1),
  created: z.number(),
  id: z.string().regex(/^[0-9a-f]{64}$/),
  proofKey: z.string().regex(/^[0-9a-f]{64}$/),
});
type Record = z.infer<typeof recordSchema>;

/** Hash that identifies a token without revealing it. */
const idOf = (token: string): string => toHex(domainHash('api-token', utf8(token)));
/** Key with which a server proves that it knows the token. It does not give access to the API. */
const proofKeyOf = (token: string): string => toHex(domainHash('api-proof-key', utf8(token)));

/**
 * The tokens of a node's HTTP API: the owner's, in `api.token`, and named ones with fewer rights, of which
 * `api-tokens.json` keeps hashes only. Both files are readable by their owner only.
 */
export class ApiTokens {
  /** The owner's token. */
  readonly owner: string;
  readonly #path: string;
  #records: readonly Record[];

  private constructor(path: string, owner: string, records: readonly Record[]) {
    this.#path = path;
    this.owner = owner;
    this.#records = records;
  }

  /** Reads both files, and creates the owner's token if missing. Throws TOKENS_INVALID when a file is damaged. */
  static async open(home: string): Promise<ApiTokens> {
    const path = join(home, 'api-tokens.json');
    return new ApiTokens(path, await loadApiToken(home), await readRecords(path));
  }

  /** The scopes of a token; undefined for an unknown one. Compares hashes, so timing reveals nothing. */
  scopesOf(token: string): ReadonlySet<Scope> | undefined {
    const id = fromHex(idOf(token));
    const found = this.#all.find((record) => timingSafeEqual(fromHex(record.id), id));
    return found && new Set(found.scopes.includes('admin') ? SCOPES : found.scopes);
  }

  /** Proves knowledge of the token with this id: see `proofOf`. Undefined for an unknown id. */
  prove(id: string, nonce: string, port: number): string | undefined {
    const record = this.#all.find((candidate) => candidate.id === id);
    return record && proof(record.proofKey, nonce, port);
  }

  list(): TokenView[] {
    return this.#records.map(({ name, scopes, created }) => ({ name, scopes, created }));
  }

  /** Creates a token; its text is not stored. Throws TOKEN_NAME_INVALID, TOKEN_EXISTS or TOKENS_TOO_MANY. */
  async create(name: string, scopes: readonly Scope[]): Promise<string> {
    if (!NAME.test(name) || name === OWNER)
      throw new BitorchError(
        'TOKEN_NAME_INVALID',
        'name a token with up to 64 letters, digits, dots, dashes and underscores',
      );
    if (this.#records.some((record) => record.name === name))
      throw new BitorchError('TOKEN_EXISTS', `a token named "${name}" already exists: revoke it first`);
    if (this.#records.length >= MAX_TOKENS)
      throw new BitorchError('TOKENS_TOO_MANY', `a node has at most ${MAX_TOKENS} tokens: revoke one first`);
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const record = { ...recordOf(name, token), scopes: [...new Set(scopes)], created: Date.now() };
    await this.#keep([...this.#records, record]);
    return token;
  }

  /** Revokes a token. Throws TOKEN_UNKNOWN when there is none of this name. */
  async revoke(name: string): Promise<void> {
    const rest = this.#records.filter((record) => record.name !== name);
    if (rest.length === this.#records.length)
      throw new BitorchError('TOKEN_UNKNOWN', `there is no token "${name.slice(0, 64)}"`);
    await this.#keep(rest);
  }

  get #all(): Record[] {
    return [{ ...recordOf(OWNER, this.owner), scopes: ['admin'], created: 0 }, ...this.#records];
  }

  async #keep(records: readonly Record[]): Promise<void> {
    await writeFileAtomic(this.#path, `${JSON.stringify(records, undefined, 2)}\n`, 0o600);
    this.#records = records;
  }
}

/** How a client identifies its token to a server that has not proved itself yet. */
export const tokenId = idOf;

/**
 * The proof of a server that knows `token`: HMAC-SHA-256 over a nonce of the client's and the port that the client dialled
 * (docs/api.md). A program that took the node's port cannot give it, nor can it have the node on another port give it.
 */
export const proofOf = (token: string, nonce: string, port: number): string =>
  proof(proofKeyOf(token), nonce, port);

const proof = (key: string, nonce: string, port: number): string =>
  createHmac('sha256', fromHex(key)).update(`bitorch/api-proof/v1\0${port}\0${nonce}`).digest('hex');

const recordOf = (name: string, token: string) => ({ name, id: idOf(token), proofKey: proofKeyOf(token) });

async function readRecords(path: string): Promise<Record[]> {
  try {
    return check(z.array(recordSchema).max(MAX_TOKENS), JSON.parse(await readTextFile(path)), path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw new BitorchError(
      'TOKENS_INVALID',
      `${path} is damaged: delete it and create the tokens again`,
      {},
      error,
    );
  }
}
