import { createInterface } from 'node:readline';

/** Says that the program has started, then answers commands from standard input until it ends: `{ok: …}` or `{error: …}`. */
export async function serveCommands<Command>(answer: (command: Command) => Promise<unknown>): Promise<void> {
  process.stdout.write(`${JSON.stringify({ ok: 'started' })}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    const result = await answer(JSON.parse(line) as Command).then(
      (ok) => ({ ok: ok ?? null }),
      (error: Error) => ({ error: error.message }),
    );
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
  process.exit();
}
