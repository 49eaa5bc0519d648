import { BitorchError, messageOf } from './errors.ts';

/** Parses JSON. Throws JSON_INVALID, whose message has the place of the fault but nothing of the text, which may hold secrets. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const [, line, column] = /line (\d+) column (\d+)/.exec(messageOf(error)) ?? [];
    const place = line === undefined ? '' : ` at line ${line}, column ${column}`;
    throw new BitorchError('JSON_INVALID', `it is not valid JSON${place}: check quotes, commas and brackets`);
  }
}
