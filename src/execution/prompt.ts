/** Converts the messages of a chat into the token ids of a prompt. */
import { BitorchError, codeOf } from '#base';
import { parseTemplate, unknownParts } from './template/index.ts';
import { renderChat, type TemplateMessage, type Tokenizer } from './tokenizer/index.ts';

export interface PromptParts {
  readonly tokenizer: Tokenizer;
  readonly chatTemplate: string | null;
  /** Rows of the model's embedding matrix. */
  readonly vocab: number;
}

/**
 * Token ids of a chat, ending where the assistant's answer begins, or after `continued`, the part of it that is there already.
 * Throws PROMPT_EMPTY when there are no tokens, TOKEN_INVALID when an id has no row in the embedding matrix, PROMPT_INVALID, and
 * whatever renderChat() and encode() throw.
 */
export function chatPrompt(
  messages: readonly TemplateMessage[],
  { tokenizer, chatTemplate, vocab }: PromptParts,
  continued = '',
): number[] {
  const textOf = (id: number | undefined) => (id === undefined ? '' : tokenizer.textOf(id));
  // What people write must not become control tokens; those of the template still do.
  const guard = unusedCharacter([...messages.map(({ content }) => content), continued]);
  const guarded = messages.map((message) => ({
    ...message,
    content: tokenizer.guard(message.content, guard).text,
  }));
  const text = renderChat(chatTemplate, guarded, {
    addGenerationPrompt: true,
    bos: textOf(tokenizer.bos),
    eos: textOf(tokenizer.eos),
    guard: {
      count: (written) => tokenizer.guard(written, guard).count,
      guard: (written) => tokenizer.guard(written, guard).text,
    },
  });
  const tokens = tokenizer.encode(text + tokenizer.guard(continued, guard).text, { special: true, guard });
  checkPrompt(tokens, vocab);
  return tokens;
}

/** A character that no text has: a noncharacter of Unicode, or one for private use. Throws PROMPT_INVALID. */
function unusedCharacter(texts: readonly string[]): string {
  const used = new Set(texts.flatMap((text) => [...new Set(text)]));
  const isUnused = (code: number) => !used.has(String.fromCharCode(code));
  for (let code = 0xfdd0; code <= 0xfdef; code++) if (isUnused(code)) return String.fromCharCode(code);
  for (let code = 0xe000; code <= 0xf8ff; code++) if (isUnused(code)) return String.fromCharCode(code);
  throw new BitorchError(
    'PROMPT_INVALID',
    'the messages use every private character of Unicode: remove some',
  );
}

/** Throws PROMPT_EMPTY when `tokens` is empty, TOKEN_INVALID when an id is not below `vocab`. */
function checkPrompt(tokens: readonly number[], vocab: number): void {
  if (tokens.length === 0)
    throw new BitorchError('PROMPT_EMPTY', 'these messages produce an empty prompt: write some text');
  const beyond = tokens.find((token) => token >= vocab);
  if (beyond !== undefined) {
    const message = `the tokenizer produced token ${beyond}, the model has ${vocab}: its files do not belong together`;
    throw new BitorchError('TOKEN_INVALID', message);
  }
}

const TRIAL_TEXT = 'What is 2 + 2? Ünï 你好 👋\n\n  "x"';
/** Every model must accept this chat. Its template may reject the others with CHAT_TEMPLATE_FAILED. */
const TRIAL_CHAT: readonly TemplateMessage[] = [{ role: 'user', content: TRIAL_TEXT }];
const TRIAL_CHATS: readonly (readonly TemplateMessage[])[] = [
  [{ role: 'system', content: 'Be brief.' }, ...TRIAL_CHAT],
  [...TRIAL_CHAT, { role: 'assistant', content: '4' }, { role: 'user', content: 'And 3 + 3?' }],
];

/**
 * Checks that chats can be turned into prompts. Called before a model is published. Throws CHAT_TEMPLATE_UNSUPPORTED when the
 * template uses unsupported Jinja features, and whatever chatPrompt() throws for the simplest chat.
 */
export function tryPrompts(parts: PromptParts): void {
  if (parts.chatTemplate !== null) {
    const unknown = unknownParts(parseTemplate(parts.chatTemplate));
    if (unknown.length > 0) {
      const message = `the chat template uses unsupported features: ${unknown.slice(0, 8).join(', ')}`;
      throw new BitorchError('CHAT_TEMPLATE_UNSUPPORTED', message);
    }
  }
  chatPrompt(TRIAL_CHAT, parts);
  for (const chat of TRIAL_CHATS) tryChat(chat, parts);
}

function tryChat(chat: readonly TemplateMessage[], parts: PromptParts): void {
  try {
    chatPrompt(chat, parts);
  } catch (error) {
    // A template may reject a role or an order of turns.
    if (codeOf(error) === 'CHAT_TEMPLATE_FAILED') return;
    throw error;
  }
}
