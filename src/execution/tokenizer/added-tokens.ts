/** Finds the added tokens of a tokenizer in a text (Hugging Face tokenizers, `added_vocabulary.rs`). */
import { type AddedToken, looksLikeControl } from './definition.ts';

/** A piece of a text: an added token, or ordinary text that begins at `start` (UTF-16 units). */
export type Section = { id: number } | { text: string; start: number };

export interface SplitOptions {
  /** Whether control tokens are found at all. */
  special: boolean;
  /** A character after which no control token begins. */
  guard?: string | undefined;
}

interface Node {
  next: Map<string, Node>;
  token?: AddedToken;
}

/** Tokens that steer a model, which the text of a user must never become. */
export const isControl = ({ special, content }: AddedToken): boolean => special || looksLikeControl(content);

/** A text that agrees with a token in so many units is guarded: looking further at each place would take quadratic time. */
const SEARCHED = 32;

export class AddedTokens {
  readonly #root: Node = { next: new Map() };

  constructor(tokens: readonly AddedToken[]) {
    for (const token of tokens) {
      let node = this.#root;
      for (const unit of token.content.split('')) {
        const next: Node = node.next.get(unit) ?? { next: new Map() };
        node.next.set(unit, next);
        node = next;
      }
      node.token = token;
    }
  }

  /** Cuts a text at its tokens: of several the leftmost, of those that begin together the longest. */
  split(text: string, { special, guard }: SplitOptions): Section[] {
    const sections: Section[] = [];
    let from = 0;
    let at = 0;
    while (at < text.length) {
      const guarded = guard !== undefined && text[at - 1] === guard;
      const found = this.#longestAt(text, at, special && !guarded);
      if (!found) {
        at++;
        continue;
      }
      const { token, end } = found;
      if (token.single_word && (endsWithWord(text, at) || startsWithWord(text, end))) {
        at = end;
        continue;
      }
      const start = token.lstrip ? spacesBefore(text, at, from) : at;
      if (start > from) sections.push({ text: text.slice(from, start), start: from });
      sections.push({ id: token.id });
      at = token.rstrip ? spacesAfter(text, end) : end;
      from = at;
    }
    if (from < text.length) sections.push({ text: text.slice(from), start: from });
    return sections;
  }

  /**
   * `text` with `guard` before each place where a control token begins, also one that is cut off by the end, and the number of
   * places where there was none.
   */
  guard(text: string, guard: string): { text: string; count: number } {
    const parts: string[] = [];
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      if (text[at - 1] === guard || !this.#mayBegin(text, at)) continue;
      parts.push(text.slice(from, at));
      from = at;
    }
    parts.push(text.slice(from));
    return { text: parts.join(guard), count: parts.length - 1 };
  }

  #longestAt(text: string, start: number, control: boolean) {
    let found: { token: AddedToken; end: number } | undefined;
    let node = this.#root.next.get(text[start]!);
    for (let at = start + 1; node; at++) {
      if (node.token && (control || !isControl(node.token))) found = { token: node.token, end: at };
      node = at < text.length ? node.next.get(text[at]!) : undefined;
    }
    return found;
  }

  #mayBegin(text: string, start: number): boolean {
    let node = this.#root.next.get(text[start]!);
    for (let at = start + 1; node; at++) {
      if (at - start === SEARCHED || at === text.length || (node.token && isControl(node.token))) return true;
      node = node.next.get(text[at]!);
    }
    return false;
  }
}

const WORD = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;
const SPACE = /\p{White_Space}/u;

const startsWithWord = (text: string, at: number): boolean =>
  at < text.length && WORD.test(String.fromCodePoint(text.codePointAt(at)!));

function endsWithWord(text: string, end: number): boolean {
  const last = /[\s\S]$/u.exec(text.slice(Math.max(0, end - 2), end));
  return last !== null && WORD.test(last[0]);
}

function spacesBefore(text: string, end: number, from: number): number {
  let at = end;
  while (at > from && SPACE.test(text[at - 1]!)) at--;
  return at;
}

function spacesAfter(text: string, start: number): number {
  let at = start;
  while (at < text.length && SPACE.test(text[at]!)) at++;
  return at;
}
