import type { TestContext } from 'node:test';
import { afterwards } from '../support/swarm.ts';
import { LabHost } from './lab-host.ts';
import { type NatKind, NatLab } from './nat-lab.ts';

const PORT = 4001;

export interface Homes {
  readonly relay: LabHost;
  readonly homes: readonly [LabHost, LabHost];
}

/** Two homes behind routers, and a public node that both are connected with. */
export async function startHomes(
  t: TestContext,
  kinds: readonly [NatKind, NatKind],
  { dht = false }: { dht?: boolean } = {},
): Promise<Homes> {
  const lab = new NatLab();
  afterwards(t, () => lab.stop());
  const reach = { portMapping: false, lan: false, dht };
  const start = async (namespace: string, address: string) => {
    const host = await LabHost.start(namespace, { listen: [`/ip4/${address}/tcp/${PORT}`], reach });
    afterwards(t, () => host.kill());
    return host;
  };
  const place = lab.publicPlace();
  const relay = await start(place.namespace, place.address);
  const houses = kinds.map((kind) => lab.home(kind));
  const [a, b] = await Promise.all(houses.map(({ namespace, address }) => start(namespace, address)));
  const where = { id: (await relay.address()).id, addresses: [`/ip4/${place.address}/tcp/${PORT}`] };
  await Promise.all([a!.connect(where), b!.connect(where)]);
  return { relay, homes: [a!, b!] };
}

/** Resolves when `condition` holds; rejects after `seconds`. */
export async function eventually(
  condition: () => Promise<boolean>,
  what: string,
  seconds = 30,
): Promise<void> {
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`never true: ${what}`);
}

export const isPublic = (address: string): boolean => address.startsWith('/ip4/45.');
