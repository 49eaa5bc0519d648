/** From the messages of a chat to the tokens that the model reads. */
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
 * The prompt of a chat, ready for the assistant's answer. Throws PROMPT_EMPTY when nothing is left to read, TOKEN_INVALID for
 * a token that the model does not have, and what renderChat() and encode() throw.
 */
export function chatPrompt(
  messages: readonly TemplateMessage[],
  { tokenizer, chatTemplate, vocab }: PromptParts,
): number[] {
  const textOf = (id: number | undefined) => (id === undefined ? '' : tokenizer.textOf(id));
  const text = renderChat(chatTemplate, messages, {
    addGenerationPrompt: true,
    bos: textOf(tokenizer.bos),
    eos: textOf(tokenizer.eos),
  });
  const tokens = tokenizer.encode(text, { special: true });
  checkPrompt(tokens, vocab);
  return tokens;
}

/** Throws PROMPT_EMPTY, TOKEN_INVALID. */
export function checkPrompt(tokens: readonly number[], vocab: number): void {
  if (tokens.length === 0)
    throw new BitorchError('PROMPT_EMPTY', 'these messages leave the model nothing to read: write some text');
  const beyond = tokens.find((token) => token >= vocab);
  if (beyond !== undefined) {
    const message = `the tokenizer gives the token ${beyond}, the model has ${vocab}: its files do not belong together`;
    throw new BitorchError('TOKEN_INVALID', message);
  }
}

const TRIAL_TEXT = 'What is 2 + 2? Ünï 你好 👋\n\n  "x"';
/** What a model must take, and what its template may refuse by itself. */
const TRIAL_CHAT: readonly TemplateMessage[] = [{ role: 'user', content: TRIAL_TEXT }];
const TRIAL_CHATS: readonly (readonly TemplateMessage[])[] = [
  [{ role: 'system', content: 'Be brief.' }, ...TRIAL_CHAT],
  [...TRIAL_CHAT, { role: 'assistant', content: '4' }, { role: 'user', content: 'And 3 + 3?' }],
];

/**
 * Tries whether chats become prompts: asked before a model is published. Throws CHAT_TEMPLATE_UNSUPPORTED when its template has
 * parts that are not known here, and what chatPrompt() throws for the simplest chat.
 */
export function tryPrompts(parts: PromptParts): void {
  if (parts.chatTemplate !== null) {
    const unknown = unknownParts(parseTemplate(parts.chatTemplate));
    if (unknown.length > 0) {
      const message = `the chat template uses what Bitorch does not know: ${unknown.slice(0, 8).join(', ')}`;
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
    // Templates may want other roles, or turns in another order.
    if (codeOf(error) === 'CHAT_TEMPLATE_FAILED') return;
    throw error;
  }
}
