import type { ProbeMessage } from './conversations.ts';

/**
 * When a template writes a text. `always`: also in a plain conversation with a system message, where nobody can
 * replace it; `opening`: where the conversation has no system message; `message`: because messages have calls of
 * tools, thoughts, names or nothing in them; `switch`: only when callers pass tools, documents or other settings;
 * `never`: in none of the trials, so nobody knows when.
 */
export type Place = 'always' | 'opening' | 'message' | 'switch' | 'never';

/** Finds out when a template writes some texts, from what it rendered. */
export class Placement {
  readonly #places = new Map<string, Place>();

  constructor(texts: readonly string[]) {
    for (const text of texts) this.#places.set(text, 'never');
  }

  placeOf(text: string): Place {
    return this.#places.get(text) ?? 'never';
  }

  /** Receives a prompt, the conversation, and whether callers passed nothing else. */
  rendered(prompt: string, talk: readonly ProbeMessage[], isPlain: boolean): void {
    for (const [text, before] of this.#places) {
      if (before === 'always' || !prompt.includes(text.trim())) continue;
      const place = placeBy(talk, isPlain);
      if (before === 'never' || place === 'always') this.#places.set(text, place);
    }
  }
}

function placeBy(talk: readonly ProbeMessage[], isPlain: boolean): Place {
  if (!isPlain) return 'switch';
  if (!talk.every(isTold)) return 'message';
  return talk.some(({ role }) => role === 'system') ? 'always' : 'opening';
}

/** Whether a message is one of a plain conversation. */
const isTold = ({ role, content, ...fields }: ProbeMessage): boolean =>
  /^(system|user|assistant)$/.test(role) && Boolean(content) && Object.keys(fields).length === 0;
