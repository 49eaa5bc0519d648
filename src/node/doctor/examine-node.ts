import type { DoctorView } from '../api/node-api.ts';
import type { NodeOptions } from '../options.ts';
import type { Services } from '../services.ts';
import { examineMachine } from './machine.ts';
import { machineChecks } from './machine-checks.ts';
import { nodeChecks } from './node-checks.ts';
import { doctorReport } from './report.ts';

/** Checks a running node and its machine. */
export async function examineNode(options: NodeOptions, services: Services): Promise<DoctorView> {
  const { home, roles, bootstrap, trackers } = options;
  const { host, membership, chain } = services;
  const machine = await examineMachine(home);
  const others = membership.directory.nodes().filter(({ id }) => id !== host.id);
  const facts = {
    ...{ roles, others, addresses: host.addresses, reach: host.reach, chain: chain?.view },
    hasContacts: bootstrap.length + trackers.length > 0,
    ...{ clock: membership.clock, notices: membership.notices.view() },
  };
  return doctorReport([...nodeChecks(facts), ...machineChecks(machine, roles.includes('security'))]);
}
