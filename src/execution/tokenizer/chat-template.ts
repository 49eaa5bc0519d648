import { BitorchError, codeOf, messageOf } from '#base';
import {
  parseTemplate,
  renderTemplate,
  strftime,
  type TemplateLimits,
  type TextGuard,
} from '../template/index.ts';

export interface TemplateMessage {
  role: string;
  content: string;
}

export interface RenderOptions {
  /** Whether the text ends where the assistant's answer begins. */
  addGenerationPrompt: boolean;
  /** Texts of the model's tokens, '' where it has none. */
  bos: string;
  eos: string;
  /** Keeps the template from making control tokens out of the messages. */
  guard?: TextGuard;
}

/** OpenAI's ChatML, for models that bring no template of their own. */
const CHATML = `{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}`;

const MAX_TEMPLATE = 1 << 16;
const MAX_OUTPUT = 1 << 22;

/** What a template may cost: more for longer conversations. Well-known templates take about 100 steps a message. */
function limitsOf(messages: readonly TemplateMessage[]): TemplateLimits {
  const characters = messages.reduce((sum, { content }) => sum + content.length, 0);
  return {
    maxSteps: 40_000 + 2_000 * messages.length,
    maxText: MAX_OUTPUT,
    maxWork: 2 ** 25 + 64 * characters,
  };
}

/**
 * The text that a chat becomes for the model: its Jinja template as transformers' `apply_chat_template` renders
 * it, ChatML when it has none. A template is the publisher's program: it runs in a number of steps and characters that is
 * bounded. Throws CHAT_TEMPLATE_FAILED (also when the template itself refuses the messages) or CHAT_TEMPLATE_LIMIT.
 */
export function renderChat(
  template: string | null,
  messages: readonly TemplateMessage[],
  { addGenerationPrompt, bos, eos, guard }: RenderOptions,
): string {
  const source = template ?? CHATML;
  if (source.length > MAX_TEMPLATE) throw failed(`it is longer than ${MAX_TEMPLATE} characters`);
  const values = {
    messages: messages.map(({ role, content }) => ({ role, content })),
    add_generation_prompt: addGenerationPrompt,
    tools: null,
    documents: null,
    ...(bos !== '' && { bos_token: bos }),
    ...(eos !== '' && { eos_token: eos }),
  };
  try {
    const now = (format: string) => strftime(new Date(), format);
    return renderTemplate(parseTemplate(source), values, limitsOf(messages), now, guard);
  } catch (error) {
    if (codeOf(error) !== 'TEMPLATE_LIMIT') throw failed(messageOf(error), error);
    const message = `the model's chat template was stopped: ${messageOf(error)}`;
    throw new BitorchError('CHAT_TEMPLATE_LIMIT', message, {}, error);
  }
}

function failed(reason: string, cause?: unknown): BitorchError {
  const message = `the model's chat template does not take these messages: ${reason}`;
  return new BitorchError('CHAT_TEMPLATE_FAILED', message, {}, cause);
}
