import type { GgufMetadata, GgufValue } from '#formats';
import type { Inspection } from '../inspection.ts';
import { isOrdinaryWord } from './ordinary-words.ts';

const TOKENS = 'tokenizer.ggml.tokens';
/** Lists parallel to the tokens, and the element types that readers accept for them (ggml/docs/gguf.md). */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  'tokenizer.ggml.token_type': ['int32', 'uint32'],
  'tokenizer.ggml.scores': ['float32'],
};
const CONTROL_ID = /^tokenizer\.ggml\.(bos|eos|eot|eom|separator|padding|mask|cls)_token_id$/;
const CONTROL = 3;
/** Maximum counts; larger ones would exhaust memory when the model is built. */
const COUNTS: readonly (readonly [RegExp, number])[] = [
  [/\.block_count$/, 1 << 14],
  [/\.expert_(used_|shared_|group_)?count$/, 1 << 16],
  [/\.attention\.head_count(_kv)?$/, 1 << 16],
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
      key === 'tokenizer.ggml.token_type' || CONTROL_ID.test(key) || COUNTS.some(([keys]) => keys.test(key))
    );
  }

  /** Receives the element type and length of a list. */
  list(key: string, type: string, length: number): void {
    if (key === TOKENS) this.#ordinary = new Uint8Array(length);
    if (key === TOKENS || Object.hasOwn(BESIDE, key)) this.#lists.set(key, { type, length });
  }

  /** Receives a string, or an element of a list of strings. */
  text(key: string, text: string): void {
    if (key !== TOKENS) return;
    const { ordinaryAddedTokens } = this.#inspection.ruleset.tokenizer;
    if (isOrdinaryWord(text) && !ordinaryAddedTokens.includes(text)) this.#ordinary[this.#at] = 1;
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
        const id = value.findIndex((type, n) => type === CONTROL && this.#ordinary[n] === 1);
        if (id >= 0) find(key, `the token ${id}, an ordinary word, is a control token`);
      } else if (CONTROL_ID.test(key) && this.#ordinary[Number(value)] === 1) {
        find(key, `the token ${value}, an ordinary word, is a control token`);
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
