import { Template } from '@huggingface/jinja';
import { BitorchError, messageOf } from '#base';
import { withTimeLimit } from './time-limit.ts';

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
}

/** OpenAI's ChatML, for models that bring no template of their own. */
const CHATML = `{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}`;

const MAX_TEMPLATE = 1 << 16;
const MAX_OUTPUT = 1 << 22;
const RENDER_MS = 1000;

/**
 * The text that a chat becomes for the model: its Jinja template as transformers' `apply_chat_template` renders
 * it, ChatML when it has none. A template is the publisher's program: it runs bounded in time and output. Throws
 * CHAT_TEMPLATE_FAILED (also when the template itself refuses the messages) or TIME_LIMIT.
 */
export function renderChat(
  template: string | null,
  messages: readonly TemplateMessage[],
  { addGenerationPrompt, bos, eos }: RenderOptions,
): string {
  const source = template ?? CHATML;
  if (source.length > MAX_TEMPLATE) throw failed(`it is longer than ${MAX_TEMPLATE} characters`);
  const values = {
    messages: messages.map(({ role, content }) => ({ role, content })),
    add_generation_prompt: addGenerationPrompt,
    bos_token: bos,
    eos_token: eos,
  };
  let text: string;
  try {
    text = withTimeLimit(RENDER_MS, "the model's chat template", () => new Template(source).render(values));
  } catch (error) {
    throw error instanceof BitorchError ? error : failed(messageOf(error), error);
  }
  if (text.length > MAX_OUTPUT) throw failed(`it wrote more than ${MAX_OUTPUT} characters`);
  return text;
}

function failed(reason: string, cause?: unknown): BitorchError {
  const message = `the model's chat template does not take these messages: ${reason}`;
  return new BitorchError('CHAT_TEMPLATE_FAILED', message, {}, cause);
}
