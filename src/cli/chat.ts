import { createInterface } from 'node:readline/promises';
import { BitorchError, cleanLines, cleanPiece, type Options, type OptionValues, readBounded, z } from '#base';
import type { ChatMessage } from '#node';
import { askNode, type NodeFlags, nodeCommand, printJson, runningNode } from './chain/api.ts';
import { readAnswer, type StreamedAnswer } from './completion-stream.ts';
import { onStopSignal, printError } from './exit.ts';
import { isInteractive } from './wallet/terminal.ts';

/** Maximum size of a question from standard input. */
const MAX_STDIN_BYTES = 512 * 1024;

const FLAGS = {
  model: { schema: z.string().min(1).optional(), value: 'name', help: 'model; the only one when absent' },
  system: { schema: z.string().min(1).optional(), value: 'text', help: 'instructions for the model' },
  maxTokens: {
    schema: z.number().int().min(1).optional(),
    value: 'n',
    help: 'maximum length of an answer',
    defaultText: '1024',
  },
  temperature: {
    schema: z.number().min(0).max(2).optional(),
    value: 't',
    help: '0 always takes the likeliest token',
  },
} satisfies Options;

type ChatFlags = NodeFlags & OptionValues<typeof FLAGS>;

/** `bitorch chat`: one answer, or a conversation in the terminal. */
export const chatCommand = nodeCommand(
  'chat',
  'ask a model: one question, or a conversation when none is given',
  FLAGS,
)
  .argument('[text]', 'the question; standard input when absent and not a terminal')
  .action(async (text: string | undefined, flags: ChatFlags) => {
    const system: ChatMessage[] = flags.system ? [{ role: 'system', content: flags.system }] : [];
    if (text === undefined && isInteractive()) return converse(flags, system);
    const question = text ?? (await readQuestion());
    const messages: ChatMessage[] = [...system, { role: 'user', content: question }];
    if (flags.json)
      return printJson(await askNode(flags, '/v1/chat/completions', { body: bodyOf(flags, messages) }));
    const stop = new AbortController();
    onStopSignal(() => stop.abort());
    await answer(flags, messages, stop.signal);
  });

async function readQuestion(): Promise<string> {
  const tooLong = () =>
    new BitorchError('USAGE_INVALID', `a question has at most ${MAX_STDIN_BYTES} bytes: shorten the input`);
  const bytes = await readBounded(process.stdin, MAX_STDIN_BYTES, tooLong);
  const text = new TextDecoder().decode(bytes).trim();
  if (text === '') throw new BitorchError('USAGE_INVALID', 'nothing was asked: bitorch chat "…"');
  return text;
}

/** Asks and answers until the end of input. Ctrl-C stops the answer; at the prompt it ends the conversation. */
async function converse(flags: ChatFlags, system: readonly ChatMessage[]): Promise<void> {
  await runningNode(flags);
  const lines = createInterface({ input: process.stdin, output: process.stderr, prompt: '> ' });
  let running: AbortController | undefined;
  lines.on('SIGINT', () => (running ? running.abort() : lines.close()));
  process.stderr.write('Ctrl-C stops an answer, Ctrl-D ends.\n');
  let messages = [...system];
  lines.prompt();
  for await (const line of lines) {
    if (line.trim() !== '') {
      running = new AbortController();
      const asked: ChatMessage[] = [...messages, { role: 'user', content: line }];
      try {
        const content = await answer(flags, asked, running.signal);
        messages = [...asked, { role: 'assistant', content }];
      } catch (error) {
        printError(error);
      }
      running = undefined;
    }
    lines.prompt();
  }
  // The prompt of the shell begins a line of its own.
  process.stderr.write('\n');
}

/** Prints an answer as it arrives, and its route on a terminal. Returns the text. Throws INTERRUPTED when `signal` aborts. */
async function answer(
  flags: ChatFlags,
  messages: readonly ChatMessage[],
  signal: AbortSignal,
): Promise<string> {
  const { askProven } = await import('#node');
  const { address } = await runningNode(flags);
  const asked = { stream: true, stream_options: { include_usage: true }, ...bodyOf(flags, messages) };
  let isBegun = false;
  let told: StreamedAnswer;
  try {
    const response = await askProven(address, '/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(asked),
      signal,
    });
    if (!response.ok) {
      const { error } = (await response.json()) as { error: { code: string; message: string } };
      throw BitorchError.relayed(error.code, error.message);
    }
    told = await readAnswer(response.body!, (piece) => {
      isBegun = true;
      process.stdout.write(cleanPiece(piece));
    });
  } catch (error) {
    if (isBegun) process.stdout.write('\n');
    throw signal.aborted ? new BitorchError('INTERRUPTED', 'the answer was stopped') : error;
  }
  if (!told.text.endsWith('\n')) process.stdout.write('\n');
  if (process.stderr.isTTY) process.stderr.write(`${formatFacts(told)}\n`);
  return told.text;
}

type Facts = Pick<StreamedAnswer, 'hops' | 'tokens' | 'tokensPerSecond'>;

/** `ember → birch · 42 tokens · 41.4 tokens/s`. */
export function formatFacts({ hops, tokens, tokensPerSecond }: Facts): string {
  const parts = [
    hops.map(({ name }) => name).join(' → '),
    tokens === undefined ? '' : `${tokens} tokens`,
    tokensPerSecond === undefined ? '' : `${tokensPerSecond.toFixed(1)} tokens/s`,
  ];
  return cleanLines(parts.filter((part) => part !== '').join(' · '));
}

const bodyOf = ({ model, maxTokens, temperature }: ChatFlags, messages: readonly ChatMessage[]) => ({
  messages,
  ...(model !== undefined && { model }),
  ...(maxTokens !== undefined && { max_tokens: maxTokens }),
  ...(temperature !== undefined && { temperature }),
});
