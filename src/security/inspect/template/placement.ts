import type { ProbeMessage } from './conversations.ts';

/**
 * When a template writes a text. `always`: also in a plain conversation with a system message, where nobody can
 * replace it; `opening`: where the conversation has no system message; `switch`: only when callers pass tools,
 * documents or other settings; `never`: in none of the trials, so nobody knows when.
 */
export type Place = 'always' | 'opening' | 'switch' | 'never';

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
      this.#places.set(
        text,
        isPlain && talk.every(isTold) ? plainPlace(talk) : before === 'never' ? 'switch' : before,
      );
    }
  }
}

const plainPlace = (talk: readonly ProbeMessage[]): Place =>
  talk.some(({ role }) => role === 'system') ? 'always' : 'opening';

/** Whether a message is one of a plain conversation. */
const isTold = ({ role, tool_calls }: ProbeMessage): boolean =>
  /^(system|user|assistant)$/.test(role) && tool_calls === undefined;
