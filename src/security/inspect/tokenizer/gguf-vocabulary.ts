import type { GgufMetadata, GgufValue } from '#formats';
import type { Inspection } from '../inspection.ts';
import { charsmapProblem } from './charsmap.ts';
import { isControlWord } from './ordinary-words.ts';

const TOKENS = 'tokenizer.ggml.tokens';
const CHARSMAP = 'tokenizer.ggml.precompiled_charsmap';
/** Lists of texts, which readers take for texts whatever their element type. */
const TEXTS = new Set([TOKENS, 'tokenizer.ggml.merges']);
/** Lists parallel to the tokens, and the element types that readers accept for them (ggml/docs/gguf.md). */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  'tokenizer.ggml.token_type': ['int32', 'uint32'],
  'tokenizer.ggml.scores': ['float32'],
};
/** `eos_token_id`, `fim_pre_token_id`, `seperator_token_id`, …: llama.cpp has about twenty. */
const CONTROL_ID = /^tokenizer\.ggml\.\w+_token_ids?$/;
/** Types of tokens that are no part of ordinary text (ggml/docs/gguf.md): readers hide them, end at them, or read them as a byte. */
const NOT_TEXT: Readonly<Record<number, string>> = {
  2: 'the unknown token',
  3: 'a control token',
  5: 'unused',
  6: 'a byte',
};
/** Maximum counts; larger ones would exhaust memory when the model is built. */
const COUNTS: readonly (readonly [RegExp, number])[] = [
  [/\.block_count$/, 1 << 14],
  [/\.expert_(used_|shared_|group_)?count$/, 1 << 16],
  [/\.attention\.head_count(_kv)?$/, 1 << 16],
  [
    /\.(dimension_count|(key|value)_length(_\w+)?|group_count|nextn_predict_layers|dense_block_count)$/,
    1 << 20,
  ],
  [/\.(embedding|feed_forward|expert_feed_forward)_length$/, 1 << 22],
  [/\.vocab_size$/, 1 << 26],
  [/\.context_length$/, 2 ** 31],
];

/** Checks the vocabulary and the counts of a GGUF file while its metadata is read. */
export class GgufVocabulary {
  readonly #inspection: Inspection;
  readonly #lists = new Map<string, { readonly type: string; readonly length: number }>();
  /** Per token: 1 if it is an ordinary word. */
  #ordinary = new Uint8Array(0);
  #at = 0;

  constructor(inspection: Inspection) {
    this.#inspection = inspection;
  }

  /** Whether finish() needs the value of this key. */
  static wants(key: string): boolean {
    return (
      key === 'tokenizer.ggml.token_type' ||
      key === CHARSMAP ||
      CONTROL_ID.test(key) ||
      COUNTS.some(([keys]) => keys.test(key))
    );
  }

  /** Receives the element type and length of a list. */
  list(key: string, type: string, length: number): void {
    if (TEXTS.has(key) && type !== 'string')
      this.#inspection.report('tokenizer-added-token', key, `a list of ${type}, which is read as string`);
    if (key === TOKENS) this.#ordinary = new Uint8Array(length);
    if (key === TOKENS || Object.hasOwn(BESIDE, key)) this.#lists.set(key, { type, length });
  }

  /** Receives a string, or an element of a list of strings. */
  text(key: string, text: string): void {
    if (key !== TOKENS) return;
    if (isControlWord(text, this.#inspection.ruleset)) this.#ordinary[this.#at] = 1;
    this.#at++;
  }

  /** Checks the values that were kept, once all metadata is read. */
  finish(metadata: GgufMetadata): void {
    const find = (key: string, what: string) => this.#inspection.report('tokenizer-added-token', key, what);
    const count = this.#lists.get(TOKENS)?.length;
    for (const [key, types] of Object.entries(BESIDE)) {
      const list = this.#lists.get(key);
      if (!list) continue;
      if (!types.includes(list.type)) find(key, `a list of ${list.type}, which is read as ${types[0]}`);
      if (count !== undefined && list.length !== count)
        find(key, `${list.length} values for ${count} tokens`);
    }
    for (const [key, value] of metadata) {
      if (Array.isArray(value) && key === 'tokenizer.ggml.token_type') {
        const id = value.findIndex((type, n) => Number(type) in NOT_TEXT && this.#ordinary[n] === 1);
        if (id >= 0) find(key, `the token ${id}, an ordinary word, is ${NOT_TEXT[Number(value[id])]}`);
      } else if (CONTROL_ID.test(key)) {
        const id = [value].flat().find((each) => this.#ordinary[Number(each)] === 1);
        if (id !== undefined) find(key, `the token ${id}, an ordinary word, is a control token`);
      } else if (key === CHARSMAP) {
        const problem = charsmapProblem(Uint8Array.from([value].flat().map(Number)));
        if (problem) find(key, `the compiled normalizer: ${problem}`);
      } else this.#checkCount(key, value);
    }
  }

  #checkCount(key: string, value: GgufValue): void {
    const most = COUNTS.find(([keys]) => keys.test(key))?.[1];
    const values = Array.isArray(value) ? value : [value];
    const beyond = most && values.find((each) => typeof each !== 'string' && Number(each) > most);
    if (beyond) this.#inspection.report('resource-bomb', key, `${key} is ${beyond}`);
  }
}
