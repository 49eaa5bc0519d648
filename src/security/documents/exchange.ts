import { BitorchError, check, concat, equalBytes, z, zBytes, zBytesUpTo, zCount } from '#base';
import type { Host, PeerAddress } from '#network';
import { MAX_REPORT_BYTES } from '../report.ts';
import { MAX_RULESET_FILE_BYTES } from '../ruleset/ruleset.ts';

const DOCUMENT_PROTOCOL = '/bitorch/security/document/1';
/** Bytes of a document per answer. */
const PART_BYTES = 512 << 10;
const ASK_TIMEOUT_MS = 10_000;

const MAX_BYTES = { report: MAX_REPORT_BYTES, ruleset: MAX_RULESET_FILE_BYTES } as const;
export type DocumentKind = keyof typeof MAX_BYTES;

const requestSchema = z.strictObject({ kind: z.enum(['report', 'ruleset']), id: zBytes(32), offset: zCount });
const partSchema = z.strictObject({ size: zCount, part: zBytesUpTo(PART_BYTES) }).nullable();
type Part = z.infer<typeof partSchema>;

/** Returns the document with this hash; undefined if this node does not have it. */
export type FindDocument = (id: Uint8Array) => Promise<Uint8Array | undefined>;

const invalid = (peer: string, reason: string): BitorchError =>
  new BitorchError('DOCUMENT_INVALID', `${peer} answered with ${reason}`, { peer });

/** Serves and fetches reports and rulesets by hash, in parts: docs/protocol/security.md. */
export class DocumentExchange {
  readonly #host: Host;
  readonly #sources: Readonly<Record<DocumentKind, FindDocument>>;
  /** The last document served: a peer that asks for one part usually asks for the next. */
  #latest: { kind: DocumentKind; id: Uint8Array; bytes: Uint8Array } | undefined;

  constructor(sources: Readonly<Record<DocumentKind, FindDocument>>, dependencies: { host: Host }) {
    this.#sources = sources;
    this.#host = dependencies.host;
  }

  /** Answers requests for documents. */
  start(): Promise<void> {
    return this.#host.answer(DOCUMENT_PROTOCOL, (message) => this.#answer(message));
  }

  async #answer(message: unknown): Promise<Part> {
    const { kind, id, offset } = check(requestSchema, message, 'request for a document');
    const latest = this.#latest;
    const held = latest?.kind === kind && equalBytes(latest.id, id) ? latest.bytes : undefined;
    const bytes = held ?? (await this.#sources[kind](id));
    if (!bytes || offset > bytes.length) return null;
    this.#latest = { kind, id, bytes };
    return { size: bytes.length, part: bytes.slice(offset, offset + PART_BYTES) };
  }
}

/**
 * Fetches a document from one node. The caller must verify that it is the requested one. Throws DOCUMENT_MISSING,
 * DOCUMENT_INVALID or PEER_UNREACHABLE.
 */
export async function fetchDocument(
  host: Host,
  peer: PeerAddress,
  { kind, id }: { kind: DocumentKind; id: Uint8Array },
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let [offset, total] = [0, 0];
  do {
    const limits = { timeoutMs: ASK_TIMEOUT_MS, ...(signal && { signal }) };
    const answer = await host.request(peer, DOCUMENT_PROTOCOL, { kind, id, offset }, limits);
    const found = check(partSchema, answer, 'part of a document');
    if (!found) throw new BitorchError('DOCUMENT_MISSING', `${peer.id} does not have this ${kind}`);
    const { size, part } = found;
    if (size > MAX_BYTES[kind]) throw invalid(peer.id, `a ${kind} of ${size} bytes`);
    // Every part must have the full size: with parts of one byte a download would never end.
    if ((offset > 0 && size !== total) || part.length !== Math.min(PART_BYTES, size - offset))
      throw invalid(peer.id, 'parts that do not fit together');
    parts.push(part);
    offset += part.length;
    total = size;
  } while (offset < total);
  return concat(parts);
}
