/**
 * Asks a node of another network namespace: `node ask-node.ts URL TOKEN PROMPT`. Waits until a model can answer, and prints the answer
 * with the result of its audit as JSON.
 */
import { ask, auditOf } from '../../src/cli/devnet/client.ts';

const [url, token, prompt] = process.argv.slice(2) as [string, string, string];
const signal = AbortSignal.timeout(240_000);
const node = { type: 'ready' as const, id: '', url, token, addresses: [], trackers: [] };

async function answer() {
  for (;;) {
    try {
      return await ask(node, prompt, () => undefined, signal);
    } catch (error) {
      signal.throwIfAborted();
      process.stderr.write(`${(error as Error).message}\n`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

const { id, text, hops } = await answer();
const audit = await auditOf(node, id, signal);
process.stdout.write(JSON.stringify({ text, hops: hops.length, audit: audit.state }));
