import { BitorchError } from '#base';
import type { Hop } from '#node';

/** The fields of a chunk of a streamed completion that commands use: docs/api.md. */
export interface Chunk {
  choices?: { delta?: { content?: string } }[];
  usage?: { completion_tokens: number } | null;
  error?: { message: string; code?: string };
  bitorch?: { answerId?: string; hops?: Hop[]; tokens_per_second?: number; time_to_first_token_ms?: number };
}

/** The chunks of a streamed completion. Throws the error that ends the answer, if one does. */
export async function* chunksOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Chunk> {
  const decoder = new TextDecoder();
  let buffered = '';
  for await (const bytes of body) {
    buffered += decoder.decode(bytes, { stream: true });
    const lines = buffered.split('\n');
    buffered = lines.pop()!;
    for (const line of lines) {
      if (!line.startsWith('data: ') || line === 'data: [DONE]') continue;
      const chunk = JSON.parse(line.slice('data: '.length)) as Chunk;
      if (chunk.error) throw BitorchError.relayed(chunk.error.code ?? 'ANSWER_FAILED', chunk.error.message);
      yield chunk;
    }
  }
}

/** What a streamed answer has told; facts that no chunk held are left out. */
export interface StreamedAnswer {
  readonly text: string;
  readonly hops: readonly Hop[];
  readonly id?: string;
  readonly tokens?: number;
  readonly tokensPerSecond?: number;
  readonly timeToFirstTokenMs?: number;
}

/** Reads a streamed completion; `onText` receives each piece as it arrives. Throws the error that ends the answer, if one does. */
export async function readAnswer(
  body: AsyncIterable<Uint8Array>,
  onText: (text: string) => void,
): Promise<StreamedAnswer> {
  let answer: StreamedAnswer = { text: '', hops: [] };
  for await (const { choices, bitorch = {}, usage } of chunksOf(body)) {
    const piece = choices?.[0]?.delta?.content ?? '';
    const { answerId: id, hops, tokens_per_second: tokensPerSecond } = bitorch;
    const { time_to_first_token_ms: timeToFirstTokenMs } = bitorch;
    answer = {
      ...answer,
      text: answer.text + piece,
      ...(id !== undefined && { id }),
      ...(hops && { hops }),
      ...(usage && { tokens: usage.completion_tokens }),
      ...(tokensPerSecond !== undefined && { tokensPerSecond }),
      ...(timeToFirstTokenMs !== undefined && { timeToFirstTokenMs }),
    };
    if (piece) onText(piece);
  }
  return answer;
}
