import { BitorchError, messageOf, utf8 } from '#base';
import type { SplitOptions } from './added-tokens.ts';
import { invalidTokenizer, type TokenizerDefinition, vocabularyOf } from './definition.ts';
import { Encoder } from './encoder.ts';
import { withTimeLimit } from './time-limit.ts';
import { type TokenBytes, tokenBytes } from './token-bytes.ts';

/** Text ↔ token ids of one model. */
export interface Tokenizer {
  /** Ids are 0 … vocab − 1; the model's own vocabulary may be padded beyond. */
  readonly vocab: number;
  /** The token that begins a text, if the model has one. */
  readonly bos?: number;
  readonly eos?: number;
  /** Whether a raw prompt (one that no chat template rendered) must begin with `bos`. */
  readonly addsBos: boolean;
  /** Tokens that end an answer. */
  readonly stopIds: readonly number[];
  /**
   * Token ids of a text, without bos. `special`: texts of control tokens become these tokens, as a rendered chat
   * needs, except right after the character `guard`; otherwise they are plain text. `guard` is left out of the text. Throws
   * PROMPT_TOO_LONG, TIME_LIMIT or TOKENIZER_INVALID.
   */
  encode(text: string, options: SplitOptions): number[];
  /**
   * A text with `guard` before whatever would become a control token, or the beginning of one, and the number of places where
   * it was missing.
   */
  guard(text: string, guard: string): { text: string; count: number };
  /** The text of whole sequences; control tokens and ids beyond the vocabulary add nothing. */
  decode(ids: readonly number[]): string;
  /** The same, token by token. */
  stream(): TextStream;
  /** The token that is written so, if there is one. */
  idOf(text: string): number | undefined;
  /** How a token is written, control tokens too: what chat templates call bos_token, eos_token. */
  textOf(id: number): string;
  /** The bytes that a token adds to a text; those of how it is written for control tokens, none beyond the vocabulary. */
  bytesOf(id: number): Uint8Array;
}

/** Turns tokens into text as they come and never gives half a character. */
export interface TextStream {
  push(id: number): string;
  /** What is left: U+FFFD when the last character was never finished. */
  end(): string;
}

const MAX_TEXT = 1 << 22;
const LOAD_MS = 10_000;
/** Twenty times what an honest tokenizer takes. */
const encodeMs = (characters: number): number => 1000 + Math.ceil(characters / 20);

/** Throws TOKENIZER_INVALID or TOKENIZER_UNSUPPORTED. */
export function createTokenizer(definition: TokenizerDefinition): Tokenizer {
  const texts = vocabularyOf(definition.json);
  const ids = new Map(texts.map((text, id) => [text, id]));
  const bytes = tokenBytes(definition.json, texts, definition.stopIds);
  const encoder = createEncoder(definition);
  const { bos, eos, addsBos, stopIds } = definition;
  return {
    vocab: texts.length,
    ...(bos !== undefined && { bos }),
    ...(eos !== undefined && { eos }),
    addsBos,
    stopIds,
    encode: (text, options) => encode(encoder, text, options),
    guard: (text, guard) => encoder.guard(text, guard),
    decode(ids) {
      const stream = new ByteStream(bytes);
      return ids.map((id) => stream.push(id)).join('') + stream.end();
    },
    stream: () => new ByteStream(bytes),
    textOf: (id) => texts[id] ?? '',
    idOf: (text) => ids.get(text),
    bytesOf: (id) => bytes.bytes[id] ?? utf8(texts[id] ?? ''),
  };
}

function createEncoder({ json }: TokenizerDefinition): Encoder {
  try {
    return withTimeLimit(LOAD_MS, 'loading the tokenizer', () => new Encoder(json));
  } catch (error) {
    throw error instanceof BitorchError ? error : invalidTokenizer(messageOf(error), error);
  }
}

function encode(encoder: Encoder, text: string, options: SplitOptions): number[] {
  if (text.length > MAX_TEXT) {
    throw new BitorchError(
      'PROMPT_TOO_LONG',
      `the text has ${text.length} characters, the limit is ${MAX_TEXT}`,
    );
  }
  try {
    return withTimeLimit(encodeMs(text.length), 'tokenizing', () =>
      encoder.encode(text.toWellFormed(), options),
    );
  } catch (error) {
    throw error instanceof BitorchError ? error : invalidTokenizer(messageOf(error), error);
  }
}

class ByteStream implements TextStream {
  readonly #tokens: TokenBytes;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #atStart: boolean;
  #isFirst = true;

  constructor(tokens: TokenBytes) {
    this.#tokens = tokens;
    this.#atStart = tokens.stripsFirstSpace;
  }

  push(id: number): string {
    const later = this.#tokens.bytes[id];
    if (!later || later.length === 0) return '';
    const bytes = this.#isFirst ? (this.#tokens.firstBytes?.(id) ?? later) : later;
    this.#isFirst = false;
    const text = this.#decoder.decode(bytes, { stream: true });
    if (!this.#atStart || text === '') return text;
    this.#atStart = false;
    return text.startsWith(' ') ? text.slice(1) : text;
  }

  end(): string {
    return this.#decoder.decode();
  }
}
