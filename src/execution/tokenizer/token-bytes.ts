import { BitorchError, check, utf8, z } from '#base';
import { looksLikeControl, type Part, partSchema, type TokenizerJson } from './definition.ts';

/** Bytes of every token; special tokens are marked, they are no part of a text. */
export interface TokenBytes {
  bytes: (Uint8Array | undefined)[];
  /** Whether the first space of a text is the tokenizer's own and is dropped. */
  stripsFirstSpace: boolean;
  /** Bytes of a token that begins a text, where they are others. */
  firstBytes?: (id: number) => Uint8Array;
}

/**
 * What each token adds to a text. Two kinds are known: GPT-2's, where a letter stands for a byte, and
 * SentencePiece's, where U+2581 stands for a space and <0xXX> for a byte. Throws TOKENIZER_UNSUPPORTED
 * or SCHEMA_INVALID.
 */
export function tokenBytes(
  json: TokenizerJson,
  texts: readonly string[],
  stopIds: readonly number[],
): TokenBytes {
  const decoders = flatten(json.decoder);
  const types = new Set(decoders.map((decoder) => decoder.type));
  const special = new Map(
    json.added_tokens.map((token) => [token.id, token.special || looksLikeControl(token.content)]),
  );
  const ends = new Set(stopIds);
  const plain = types.has('ByteLevel')
    ? byteLevel
    : types.has('ByteFallback') || types.has('Metaspace')
      ? (text: string) => sentencePiece(text, types.has('ByteFallback'))
      : undefined;
  if (!plain) {
    throw new BitorchError(
      'TOKENIZER_UNSUPPORTED',
      `tokenizer.json has a decoder of type ${[...types].join(', ') || 'none'}: Bitorch knows byte-level and SentencePiece`,
    );
  }
  return {
    bytes: texts.map((text, id) => {
      if (special.get(id) || ends.has(id)) return undefined;
      return plain(text);
    }),
    stripsFirstSpace: decoders.some(stripsFirstSpace),
    // The original drops all marks of the first token.
    ...(decoders.some(dropsMarks) && { firstBytes: (id: number) => plain(texts[id]!.replaceAll('▁', '')) }),
  };
}

function flatten(decoder: Part | null | undefined): Part[] {
  if (!decoder) return [];
  if (decoder.type !== 'Sequence') return [decoder];
  return check(z.array(partSchema), decoder.decoders, 'tokenizer.json: decoders');
}

const stripsFirstSpace = ({ type, content, start }: Part): boolean =>
  type === 'Strip' && content === ' ' && Number(start) > 0;

const dropsMarks = ({ type, prepend_scheme, add_prefix_space }: Part): boolean =>
  type === 'Metaspace' && prepend_scheme !== 'never' && add_prefix_space !== false;

/** GPT-2's letters for bytes (openai/gpt-2, `encoder.py`, bytes_to_unicode): printable ones stand for themselves. */
const BYTE_OF_LETTER: ReadonlyMap<string, number> = new Map(
  (() => {
    const printable = (byte: number) =>
      (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
    let next = 256;
    return Array.from({ length: 256 }, (_, byte): [string, number] => [
      String.fromCodePoint(printable(byte) ? byte : next++),
      byte,
    ]);
  })(),
);

function byteLevel(text: string): Uint8Array {
  const bytes = Array.from(text, (letter) => BYTE_OF_LETTER.get(letter));
  return bytes.includes(undefined) ? utf8(text) : Uint8Array.from(bytes as number[]);
}

function sentencePiece(text: string, hasBytes: boolean): Uint8Array {
  const byte = hasBytes && /^<0x([0-9A-Fa-f]{2})>$/.exec(text)?.[1];
  return byte ? Uint8Array.of(Number.parseInt(byte, 16)) : utf8(text.replaceAll('▁', ' '));
}
