/** Real nodes of one machine around a security node. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createLog, toHex } from '#base';
import { SigningKey } from '#crypto';
import { Node, type NodeSettings, type SafetyState } from '#node';
import { TINY_MODEL } from './network.ts';

const log = createLog('silent');
/** Signs rulesets that the security node takes. */
export const RULES_KEY = SigningKey.generate();

export class World {
  readonly folder: string;
  readonly nodes: Node[] = [];
  constructor(folder: string) {
    this.folder = folder;
  }

  home(name: string): string {
    return join(this.folder, name);
  }

  async start(name: string, settings: Partial<NodeSettings>): Promise<Node> {
    const node = await Node.start(
      { home: this.home(name), name, roles: ['seed'], threads: 1, unproven: 'cleared', ...settings },
      { log },
    );
    this.nodes.push(node);
    return node;
  }

  security(settings: Partial<NodeSettings> = {}): Promise<Node> {
    return this.start('security', {
      roles: ['security'],
      rulesetKeys: [toHex(RULES_KEY.publicKey)],
      ...settings,
    });
  }

  /** A copy of the tiny model, spoiled by `change`. */
  async model(change: (folder: string) => Promise<unknown> = async () => undefined): Promise<string> {
    const folder = this.home('source');
    await cp(TINY_MODEL, folder, { recursive: true });
    await change(folder);
    return folder;
  }
}

export async function world(t: TestContext): Promise<World> {
  const made = new World(await mkdtemp(join(tmpdir(), 'bitorch-clearance-')));
  t.after(async () => {
    for (const node of made.nodes.reverse()) await node.stop();
    await rm(made.folder, { recursive: true, force: true });
  });
  return made;
}

export const stateOn = (node: Node, id: string): SafetyState | undefined =>
  node.security().models.find(({ modelId }) => modelId === id)?.state;
