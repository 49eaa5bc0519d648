import { messageOf } from '#base';
import type { JsonScalar } from '#formats';
import { backtrackingDegree } from '../../regex/ambiguity.ts';
import { PositionedVisitor } from '../configuration/positioned-visitor.ts';
import type { Inspection } from '../inspection.ts';
import { isControlWord, isOrdinaryWord, isSameToken } from './ordinary-words.ts';

/** A token that a tokenizer defines beside its vocabulary. */
export interface AddedToken {
  id: number;
  content: string;
  special: boolean;
  /** Whether it is from tokenizer.json's list or tokenizer_config.json's table by id. */
  list: 'added_tokens' | 'added_tokens_decoder';
  /** Index in the list, or id in the table. */
  entry: string | number;
}

const MAX_TOKENS = 200_000;
const MAX_TOKEN_TEXT = 1 << 23;
const CONTROL = /^(<[^<>]*>|\[[^[\]]*\]|<\|.*\|>|<｜.*｜>)$/u;

/** Collects the added tokens of a document while it is read. */
export class TokenList {
  readonly #tokens: AddedToken[] = [];
  overflow = false;
  #characters = 0;

  get tokens(): readonly AddedToken[] {
    return this.#tokens.filter(({ content }) => content !== '');
  }

  /** Receives a scalar and its path. */
  scalar([list, entry, field, ...deeper]: readonly (string | number)[], value: JsonScalar): void {
    if (deeper.length > 0 || entry === undefined || !isTokenList(list)) return;
    let token = this.#tokens.at(-1);
    if (token?.list !== list || token.entry !== entry) {
      if (this.#tokens.length === MAX_TOKENS || this.#characters > MAX_TOKEN_TEXT) {
        this.overflow = true;
        return;
      }
      token = {
        id: list === 'added_tokens' ? Number.NaN : Number(entry),
        content: '',
        special: false,
        list,
        entry,
      };
      this.#tokens.push(token);
    }
    if (field === 'id' && list === 'added_tokens') token.id = Number(value);
    else if (field === 'content' && typeof value === 'string') {
      token.content = value;
      this.#characters += value.length;
    } else if (field === 'special') token.special = value === true;
  }
}

const isTokenList = (name: string | number | undefined): name is AddedToken['list'] =>
  name === 'added_tokens' || name === 'added_tokens_decoder';

/** The entries of tokenizer.json's vocabulary that share text or id with an added token. */
export class Vocabulary extends PositionedVisitor {
  readonly ids = new Map<string, number>();
  readonly texts = new Map<number, string>();
  readonly #contents: ReadonlySet<string>;
  readonly #wanted: ReadonlySet<number>;

  constructor(tokens: readonly AddedToken[]) {
    super();
    this.#contents = new Set(tokens.map(({ content }) => content));
    this.#wanted = new Set(tokens.map(({ id }) => id));
  }

  /** An entry is `"text": id`, or a pair of text and score whose index is the id. */
  protected override scalar(value: JsonScalar): void {
    const [model, vocab, entry, pairs] = this.path;
    if (model !== 'model' || vocab !== 'vocab' || this.path.length > 4) return;
    if (typeof entry === 'string' && typeof value === 'number' && pairs === undefined)
      this.#add(entry, value);
    else if (typeof entry === 'number' && pairs === 0 && typeof value === 'string') this.#add(value, entry);
  }

  #add(text: string, id: number): void {
    if (this.#contents.has(text)) this.ids.set(text, id);
    if (this.#wanted.has(id)) this.texts.set(id, text);
  }
}

/** Reports a pattern that backtracks excessively on some text, or that cannot be analysed. */
export function inspectRegex(inspection: Inspection, pattern: string, place: string): void {
  if (pattern.length > inspection.ruleset.limits.regexBytes) {
    inspection.report('tokenizer-regex', place, `a pattern of ${pattern.length} characters`);
    return;
  }
  try {
    const degree = backtrackingDegree(pattern, inspection.patterns);
    if (degree === Number.POSITIVE_INFINITY) inspection.report('tokenizer-regex', place, pattern);
    else if (degree > 1) {
      inspection.report(
        'tokenizer-regex-slow',
        place,
        `steps by the length to the power of ${degree}: ${pattern}`,
      );
    }
  } catch (error) {
    inspection.report('tokenizer-regex', place, `${messageOf(error)}: ${pattern}`);
  }
}

/** Tools that leave contradictory ids of control tokens behind do no harm; a word that becomes another token does. */
export const harmless = (...texts: string[]): 'low' | undefined =>
  texts.some(isOrdinaryWord) ? undefined : 'low';

/** Reports tokens with two meanings, and ordinary words that are control tokens. */
export function checkTokens(
  inspection: Inspection,
  tokens: readonly AddedToken[],
  vocabulary: Vocabulary,
): void {
  const texts = new Map<number, string>();
  for (const { id, content, special, list, entry } of tokens) {
    const place = list === 'added_tokens' ? `${list}[${entry}]` : `${list}.${entry}`;
    const shown = JSON.stringify(content.slice(0, 60));
    const twin = texts.get(id);
    if (twin !== undefined && twin !== content) {
      inspection.report(
        'tokenizer-added-token',
        place,
        `the id ${id} is ${JSON.stringify(twin.slice(0, 60))} and ${shown}`,
        harmless(content, twin),
      );
    }
    texts.set(id, content);
    const known = vocabulary.ids.get(content);
    if (known !== undefined && known !== id) {
      inspection.report(
        'tokenizer-added-token',
        place,
        `${shown} has the id ${known} in the vocabulary and ${id} here`,
        harmless(content, vocabulary.texts.get(id) ?? ''),
      );
    }
    const replaced = vocabulary.texts.get(id);
    if (replaced !== undefined && replaced !== content && CONTROL.test(replaced) && isOrdinaryWord(content)) {
      inspection.report(
        'tokenizer-added-token',
        place,
        `${shown} takes the place of ${JSON.stringify(replaced)}`,
      );
    } else if (replaced !== undefined && !isSameToken(replaced, content) && isOrdinaryWord(replaced)) {
      inspection.report(
        'tokenizer-added-token',
        place,
        `${shown} has the id of the word ${JSON.stringify(replaced.slice(0, 60))}`,
      );
    }
    if (special && isControlWord(content, inspection.ruleset)) {
      inspection.report('tokenizer-added-token', place, `the ordinary text ${shown} is a control token`);
    }
  }
}
