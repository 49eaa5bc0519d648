/** A node as a process of its own, so that it can live in a network namespace. */
import { createLog } from '#base';
import { type ChatEvent, Node, type NodeSettings } from '#node';
import { serveCommands } from './serve-commands.ts';

export type NodeCommand =
  | { readonly type: 'where' | 'network' | 'chain' | 'wallet' | 'faucet' }
  | { readonly type: 'pay'; readonly to: string; readonly amount: string; readonly password: string }
  | { readonly type: 'payment'; readonly id: string }
  | { readonly type: 'chat'; readonly prompt: string };

const settings = JSON.parse(process.argv[2]!) as NodeSettings;
const node = await Node.start(settings, { log: createLog('silent') });
const working = node.work();
working.catch((error: Error) => process.stderr.write(`${settings.name}: ${error.message}\n`));

async function answer(command: NodeCommand): Promise<unknown> {
  switch (command.type) {
    case 'where':
      return { id: node.id, trackers: node.trackers };
    case 'network':
      return node.network();
    case 'chain':
      return node.chain();
    case 'wallet':
      return node.wallet()!.view();
    case 'faucet':
      return node.wallet()!.faucet();
    case 'pay': {
      const { to, amount, password } = command;
      return node.wallet()!.send({ to, amount, password });
    }
    case 'payment':
      return node
        .wallet()!
        .history()
        .find(({ id }) => id === command.id);
    case 'chat':
      return chat(command.prompt);
  }
}

/** The answer to a prompt, and the names of the nodes that it went through. */
async function chat(content: string): Promise<{ text: string; hops: string[] }> {
  await working;
  const events: ChatEvent[] = [];
  const request = { messages: [{ role: 'user' as const, content }], maxTokens: 24 };
  for await (const event of node.chat(request, AbortSignal.timeout(60_000))) events.push(event);
  return {
    text: events.map((event) => (event.type === 'token' ? event.text : '')).join(''),
    hops: events.flatMap((event) => (event.type === 'route' ? event.hops.map(({ name }) => name) : [])),
  };
}

await serveCommands(answer);
