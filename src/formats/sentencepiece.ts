/** SentencePiece models (google/sentencepiece, src/sentencepiece_model.proto): pieces with scores, and training parameters. */
import { ByteWindow, readFrom } from './byte-window.ts';
import { invalid } from './errors.ts';
import { type FieldRule, type Message, type MessageTable, readMessage, type Span } from './protobuf.ts';
import type { RandomAccess } from './tensor.ts';

const TEXTS = new Set([1, 2, 5, 7, 30, 31, 36, 44, 45, 46, 47, 48, 53, 54]);
/** What unknown text is shown as, and the pieces of control tokens. */
const NAMED: Readonly<Record<number, string>> = {
  44: 'unk_surface',
  45: 'unk_piece',
  46: 'bos_piece',
  47: 'eos_piece',
  48: 'pad_piece',
};
const FLOATS = new Set([10, 15]);
const REPEATED = new Set([1, 5, 30, 31]);
/** Fields that have another type in the edition that DeBERTa models use. */
const EITHER = new Set([50, 51, 52]);
const TRAINER_FIELDS = [...range(1, 7), ...range(10, 26), ...range(30, 36), ...range(40, 54)];

function kindOf(field: number): FieldRule[1] {
  if (EITHER.has(field)) return 'either';
  if (field in NAMED) return 'text';
  if (TEXTS.has(field)) return 'note';
  return FLOATS.has(field) ? 'float' : 'int';
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
}

const TRAINER: MessageTable = Object.fromEntries(
  TRAINER_FIELDS.map((field): [number, FieldRule] => {
    const kind = kindOf(field);
    const name = NAMED[field] ?? `field ${field}`;
    return [field, REPEATED.has(field) ? [name, kind, '[]'] : [name, kind]];
  }),
);

const NORMALIZER: MessageTable = {
  1: ['name', 'note'],
  2: ['precompiled_charsmap', 'bytes'],
  3: ['add_dummy_prefix', 'int'],
  4: ['remove_extra_whitespaces', 'int'],
  5: ['escape_whitespaces', 'int'],
  6: ['normalization_rule_tsv', 'note'],
  // encode_case and decode_case exist in Marian's edition.
  7: ['encode_case', 'int'],
  8: ['decode_case', 'int'],
};

const MODEL: MessageTable = {
  1: ['pieces', { 1: ['piece', 'text'], 2: ['score', 'float'], 3: ['type', 'int'] }, '[]'],
  2: ['trainer_spec', TRAINER],
  3: ['normalizer_spec', NORMALIZER],
  4: ['self_test_data', { 1: ['samples', { 1: ['input', 'note'], 2: ['expected', 'note'] }, '[]'] }],
  5: ['denormalizer_spec', NORMALIZER],
};

const MAX_PIECES = 1 << 22;

/** A piece. `type`: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte. */
export interface Piece {
  readonly piece: string;
  readonly type: number;
}

/**
 * Checks a model to its last byte. `onPiece` is called with each piece. Returns the number of pieces, the locations of the
 * compiled normalizers, and `named`: the texts of the trainer's unknown and control pieces by field. Throws FORMAT_INVALID when the model is damaged.
 */
export async function readSentencePiece(
  source: RandomAccess,
  onPiece: (piece: Piece) => void = () => undefined,
): Promise<{ pieces: number; charsmaps: Span[]; named: ReadonlyMap<string, string> }> {
  const window = new ByteWindow(0, source.size);
  let pieces = 0;
  const reading = readMessage(window, source.size, MODEL, 'the SentencePiece model', (name, value) => {
    if (name !== 'pieces') return false;
    if (++pieces > MAX_PIECES) throw invalid(`the SentencePiece model has more than ${MAX_PIECES} pieces`);
    const { piece = '', type = 1 } = value as Message;
    onPiece({ piece: String(piece), type: Number(type) });
    return true;
  });
  const { trainer_spec, normalizer_spec, denormalizer_spec } = await readFrom(source, window, reading);
  if (pieces === 0 || !trainer_spec) throw invalid('a SentencePiece model needs pieces and trainer_spec');
  const charsmaps = [normalizer_spec, denormalizer_spec].flatMap((spec) => {
    const span = (spec as Message | undefined)?.precompiled_charsmap;
    return span === undefined ? [] : [span as Span];
  });
  const named = Object.values(NAMED).flatMap((field): [string, string][] => {
    const text = (trainer_spec as Message)[field];
    return typeof text === 'string' ? [[field, text]] : [];
  });
  return { pieces, charsmaps, named: new Map(named) };
}
