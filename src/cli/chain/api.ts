import { join } from 'node:path';
import type { Command } from 'commander';
import { BitorchError, dataDirectory, type Options, type OptionValues } from '#base';
import type { ApiAddress } from '#node';
import { HOME, JSON_OUTPUT } from '../common-options.ts';
import { commandOf } from '../flags.ts';

/** Options of every command that uses a running node. */
const NODE_FLAGS = { home: HOME, json: JSON_OUTPUT } satisfies Options;

export type NodeFlags = Partial<OptionValues<typeof NODE_FLAGS>>;

/** A command that uses the running node of a data directory; `options`: those of its own. */
export const nodeCommand = (name: string, description: string, options: Options = {}): Command =>
  commandOf(name, description, { ...options, ...NODE_FLAGS });

/**
 * Sends a request to the running node, or else to the user's node of a running devnet: GET without a body, POST with one.
 * Throws NODE_MISSING, NODE_UNPROVEN, or the error in the node's response.
 */
export async function askNode<T>(
  flags: NodeFlags,
  path: string,
  {
    body,
    method = body === undefined ? 'GET' : 'POST',
  }: { body?: unknown; method?: 'GET' | 'POST' | 'PATCH' | 'DELETE' } = {},
): Promise<T> {
  const { askProven } = await import('#node');
  const { address } = await runningNode(flags);
  const response = await askProven(address, path, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  if (response.status === 204) return undefined as T;
  const answer = (await response.json()) as { error?: { code: string; message: string } };
  if (answer.error) throw BitorchError.relayed(answer.error.code, answer.error.message);
  return answer as T;
}

/** The running node of the data directory, or else the user's node of a devnet in it. Throws NODE_MISSING, NODE_UNPROVEN. */
export async function runningNode({
  home = dataDirectory(),
}: NodeFlags): Promise<{ home: string; address: ApiAddress }> {
  const { runningApi } = await import('#node');
  try {
    return { home, address: await runningApi(home) };
  } catch (error) {
    const devnet = join(home, 'devnet', 'you');
    const address = await runningApi(devnet).catch(() => {
      throw withHint(error, "or name another node's data directory with --home");
    });
    return { home: devnet, address };
  }
}

/** Adds this command's hint to a NODE_MISSING error. */
export const withHint = (error: unknown, hint: string): unknown =>
  error instanceof BitorchError && error.code === 'NODE_MISSING'
    ? new BitorchError('NODE_MISSING', `${error.message}, ${hint}`, error.details)
    : error;

export const print = (line: string): void => void process.stdout.write(`${line}\n`);

export const printJson = (value: unknown): void => print(JSON.stringify(value, undefined, 2));

/** Prints aligned columns; the first row is the header. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  for (const row of rows)
    print(
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    );
}

export const short = (hex: string): string => (hex.length > 16 ? `${hex.slice(0, 12)}…` : hex);
