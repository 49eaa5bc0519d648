import { test } from 'node:test';
import { eventually } from '../lab/homes.ts';
import { LabHost } from '../lab/lab-host.ts';
import { labProblem, NatLab } from '../lab/nat-lab.ts';
import { afterwards } from '../support/swarm.ts';

const skip = labProblem() ?? false;

test('two nodes of a local network find each other, and need nobody else', { skip }, async (t) => {
  const lab = new NatLab();
  afterwards(t, () => lab.stop());
  const { namespace, address } = lab.home('port-restricted');
  const reach = { portMapping: false, lan: true, dht: false };
  const hosts = await Promise.all(
    [4001, 4002].map((port) => LabHost.start(namespace, { listen: [`/ip4/${address}/tcp/${port}`], reach })),
  );
  for (const host of hosts) afterwards(t, () => host.kill());
  const [a, b] = hosts;
  const there = await b!.address();
  await eventually(async () => (await a!.connections(there)).direct, 'the nodes are connected', 60);
});
