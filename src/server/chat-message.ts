/** Converts the messages of an OpenAI request to text-only messages. */
import { BitorchError, z } from '#base';
import type { ChatMessage } from '#node';
import { MAX_BODY_BYTES, MAX_MESSAGES } from './constants.ts';

const zText = z.string().max(MAX_BODY_BYTES);
const zPart = z.looseObject({ type: z.string().max(64), text: zText.nullish(), refusal: zText.nullish() });
const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'] as const;

export const zMessages = z
  .array(
    z.looseObject({
      role: z.enum(ROLES),
      content: z.union([zText, z.array(zPart).max(MAX_MESSAGES)]).nullish(),
    }),
  )
  .min(1)
  .max(MAX_MESSAGES);

type RequestMessage = z.infer<typeof zMessages>[number];
type Part = z.infer<typeof zPart>;

/** Types of text parts; `input_text` and `output_text` come from the Responses API. */
const TEXT_PARTS = new Set(['text', 'input_text', 'output_text']);

/**
 * The messages as the node's type: content parts are joined, and missing content becomes ''. Throws UNSUPPORTED_PARAMETER with
 * the field's path for images, audio, files and tool calls.
 */
export function chatMessages(messages: readonly RequestMessage[]): ChatMessage[] {
  return messages.map((message, i) => {
    const at = `messages.${i}`;
    const { role, content } = message;
    for (const field of ['tool_calls', 'function_call', 'audio'])
      if (hasSomething(message[field])) throw unsupported(`${at}.${field}`, `"${field}" is`);
    if (role === 'tool' || role === 'function') throw unsupported(`${at}.role`, `the role "${role}" is`);
    return { role: role === 'developer' ? 'system' : role, content: textOf(content, `${at}.content`) };
  });
}

const hasSomething = (value: unknown): boolean =>
  value != null && !(Array.isArray(value) && value.length === 0);

function textOf(content: RequestMessage['content'], at: string): string {
  if (content == null) return '';
  if (typeof content === 'string') return content;
  return content.map((part, i) => textOfPart(part, `${at}.${i}`)).join('');
}

function textOfPart({ type, text, refusal }: Part, at: string): string {
  if (type === 'refusal') return refusal ?? '';
  if (!TEXT_PARTS.has(type)) throw unsupported(`${at}.type`, `content of the type "${type}" is`);
  if (text != null) return text;
  throw new BitorchError('INVALID_REQUEST', `"${at}.text" is missing`, { param: `${at}.text` });
}

const unsupported = (param: string, what: string): BitorchError =>
  new BitorchError('UNSUPPORTED_PARAMETER', `${param}: ${what} not supported; leave it out`, { param });
