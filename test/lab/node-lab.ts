import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { NetworkView, NodeSettings } from '#node';
import { afterwards, temporaryDirectory } from '../support/swarm.ts';
import { LabProcess } from './lab-process.ts';
import { NatLab } from './nat-lab.ts';
import type { NodeCommand } from './node-process.ts';

const PROGRAM = fileURLToPath(new URL('./node-process.ts', import.meta.url));

/** A lab for nodes, and how to start one in it. */
export async function startLab(t: TestContext) {
  const folder = await temporaryDirectory(t);
  const lab = new NatLab();
  afterwards(t, () => lab.stop());
  const start = async (name: string, place: { namespace: string; address: string }, more: object) => {
    const settings: NodeSettings = {
      ...{ home: join(folder, name), name, roles: ['seed'], threads: 1, securityAuthorities: 'none' },
      ...{ listen: [`/ip4/${place.address}/tcp/4001`], swarmHost: place.address, swarmPort: 6881 },
      ...{ portMapping: 'off', lan: 'off' },
      ...more,
    };
    const process = await LabProcess.start(place.namespace, PROGRAM, settings);
    afterwards(t, () => process.kill());
    const ask = <T>(command: NodeCommand) => process.ask<T>(command);
    return { ask, kill: () => process.kill(), network: () => ask<NetworkView>({ type: 'network' }) };
  };
  /** A public node with a tracker, and the settings of those that join through it. */
  const startPublic = async (roles: readonly string[], more: object = {}) => {
    const place = lab.publicPlace();
    const open = await start('open', place, { roles, trackerPort: 6969, ...more });
    const { id, trackers } = await open.ask<{ id: string; trackers: string[] }>({ type: 'where' });
    return { open, joined: { bootstrap: [`/ip4/${place.address}/tcp/4001/p2p/${id}`], trackers } };
  };
  return { folder, lab, start, startPublic };
}
