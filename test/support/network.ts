import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createLog } from '#base';
import type { Executor, Stage } from '#execution';
import { type ChatEvent, type ChatRequest, Node, type NodeSettings } from '#node';

/** A random Llama of three blocks. */
export const TINY_MODEL = fileURLToPath(new URL('../vectors/hf/tiny-tied', import.meta.url));
const TINY_LAYERS = 3;

export interface TestNetwork {
  readonly seeder: Node;
  readonly stages: Node[];
  readonly client: Node;
  readonly homes: { seeder: string; stages: string[]; client: string };
}

/**
 * A seeder, stages of one block each and a client, all real nodes in this process, on the tiny model. `wrap` stands
 * between a stage's blocks and its sessions.
 */
export async function startNetwork(
  t: TestContext,
  wrap: (stage: Stage, index: number) => Executor = (stage) => stage,
): Promise<TestNetwork> {
  const folder = await mkdtemp(join(tmpdir(), 'bitorch-network-'));
  const log = createLog('silent');
  const nodes: Node[] = [];
  t.after(async () => {
    for (const node of nodes.reverse()) await node.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const start = async (
    name: string,
    settings: Partial<NodeSettings>,
    wrapStage?: (stage: Stage) => Executor,
  ) => {
    const home = join(folder, name);
    const node = await Node.start(
      { home, name, roles: ['seed'], threads: 1, securityAuthorities: 'none', ...settings },
      wrapStage ? { log, wrapStage } : { log },
    );
    nodes.push(node);
    await node.work();
    return { node, home };
  };
  const seeder = await start('seeder', { roles: ['seed', 'audit'], publish: TINY_MODEL, trackerPort: 0 });
  const [model] = seeder.node.models();
  const shared = {
    bootstrap: [seeder.node.addresses[0]!],
    trackers: [...seeder.node.trackers],
    model: model!.id,
  };
  const stages = await Promise.all(
    Array.from({ length: TINY_LAYERS }, (_, i) =>
      start(`stage ${i + 1}`, { ...shared, roles: ['seed', 'run'], blocks: [i, i + 1] }, (stage) =>
        wrap(stage, i),
      ),
    ),
  );
  const client = await start('you', { ...shared, roles: ['client'] });
  await until(() => client.node.models()[0]?.available === true);
  return {
    seeder: seeder.node,
    stages: stages.map(({ node }) => node),
    client: client.node,
    homes: { seeder: seeder.home, stages: stages.map(({ home }) => home), client: client.home },
  };
}

/** Resolves when `condition` holds; rejects when it does not in two minutes, which only a fault takes, on a busy machine too. */
export async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2_400; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never true: ${condition}`);
}

/** All events of one chat. */
export async function chat(
  node: Node,
  request: ChatRequest,
  signal = AbortSignal.timeout(120_000),
): Promise<ChatEvent[]> {
  const events: ChatEvent[] = [];
  for await (const event of node.chat(request, signal)) events.push(event);
  return events;
}

export const ask = (content: string, maxTokens = 40): ChatRequest => ({
  messages: [{ role: 'user', content }],
  maxTokens,
});
export const textOf = (events: ChatEvent[]): string =>
  events.map((event) => (event.type === 'token' ? event.text : '')).join('');
export const answerIdOf = (events: ChatEvent[]): string => {
  const [first] = events;
  if (first?.type !== 'route') throw new Error('the first event is not the route');
  return first.answerId;
};
