/** Text to ids: added tokens are cut out first, the rest goes through normalizer, pre-tokenizer and model. */
import { AddedTokens, isControl, type SplitOptions } from './added-tokens.ts';
import { type AddedToken, invalidTokenizer, type TokenizerJson } from './definition.ts';
import { type Steps, stepsOf, unsupported } from './known-parts.ts';
import { packageModel } from './package-parts.ts';

export class Encoder {
  readonly #model: ReturnType<typeof packageModel>;
  readonly #steps: Steps;
  /** Found in the text as it is. */
  readonly #literal: AddedTokens;
  /** Found in the text that the normalizer leaves. */
  readonly #normalized: AddedTokens;

  /** Throws TOKENIZER_UNSUPPORTED for parts that are not known to agree with the original. */
  constructor(json: TokenizerJson) {
    this.#steps = stepsOf(json);
    this.#model = packageModel(withoutControlTokens(json));
    const isNormalized = ({ normalized, special }: AddedToken) => normalized ?? !special;
    const late = (token: AddedToken) => isNormalized(token) && !isControl(token);
    for (const token of json.added_tokens)
      if (isNormalized(token) && this.#normalize(token.content) !== token.content)
        throw unsupported(`the token ${JSON.stringify(token.content)}, which its normalizer changes`);
    this.#literal = new AddedTokens(json.added_tokens.filter((token) => !late(token)));
    this.#normalized = new AddedTokens(json.added_tokens.filter(late));
  }

  /** Ids of `text`. `guard` itself is no part of it. Throws TOKENIZER_INVALID when a part of the text has no token. */
  encode(text: string, options: SplitOptions): number[] {
    const { guard } = options;
    const ids: number[] = [];
    for (const section of this.#literal.split(text, options)) {
      if ('id' in section) ids.push(section.id);
      else {
        const ordinary = guard === undefined ? section.text : section.text.replaceAll(guard, '');
        this.#encodeOrdinary(ordinary, section.start === 0, ids);
      }
    }
    return ids;
  }

  guard(text: string, guard: string): { text: string; count: number } {
    return this.#literal.guard(text, guard);
  }

  #encodeOrdinary(text: string, first: boolean, ids: number[]): void {
    for (const section of this.#normalized.split(this.#normalize(text), { special: false })) {
      if ('id' in section) ids.push(section.id);
      else this.#encodePieces(section.text, first && section.start === 0, ids);
    }
  }

  #encodePieces(text: string, first: boolean, ids: number[]): void {
    let pieces = [text];
    for (const cut of this.#steps.cuts) {
      pieces = pieces.flatMap((piece, n) => (piece === '' ? [] : cut(piece, first && n === 0)));
    }
    // One by one: unknown tokens are fused within a piece only.
    for (const piece of pieces) {
      for (const token of this.#model([piece])) {
        const id = this.#model.tokens_to_ids.get(token) ?? this.#model.unk_token_id;
        if (id === undefined) throw invalidTokenizer('it has no token for a part of the text');
        ids.push(id);
      }
    }
  }

  #normalize(text: string): string {
    return this.#steps.normalizers.reduce((normalized, step) => step(normalized), text);
  }
}

/** The same model without a way to make a control token out of ordinary text. */
function withoutControlTokens({ model, added_tokens }: TokenizerJson): TokenizerJson['model'] {
  const control = new Set(added_tokens.filter(isControl).map(({ content }) => content));
  if (model.type === 'Unigram') {
    const vocab = model.vocab as [string, number][];
    const unreachable = (text: string, id: number) => control.has(text) && id !== model.unk_id;
    return {
      ...model,
      vocab: vocab.map(([text, score], id) => (unreachable(text, id) ? ['', score] : [text, score])),
    };
  }
  const isByte = (text: string) => model.byte_fallback === true && /^<0x[0-9A-F]{2}>$/.test(text);
  const vocab = Object.entries(model.vocab as Record<string, number>);
  const merges = (model.merges ?? []) as (string | string[])[];
  return {
    ...model,
    vocab: Object.fromEntries(
      vocab.filter(([text]) => !control.has(text) || text === model.unk_token || isByte(text)),
    ),
    merges: merges.filter((merge) => !control.has(joined(merge))),
  };
}

const joined = (merge: string | string[]): string =>
  typeof merge === 'string' ? merge.replace(' ', '') : merge.join('');
