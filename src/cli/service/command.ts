import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { BitorchError } from '#base';
import { print } from '../chain/api.ts';
import { lingeringHint } from './lingering.ts';
import { Service } from './service.ts';
import { serviceOptions } from './service-options.ts';
import { serviceSystem } from './systems.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** The service of this machine's operating system. Throws SERVICE_UNAVAILABLE where Bitorch knows none. */
function ownService(): Service {
  const system = serviceSystem();
  if (system) return new Service(system);
  const advice = 'let your init system run "bitorch start"';
  throw new BitorchError('SERVICE_UNAVAILABLE', `there are no services on ${process.platform}: ${advice}`);
}

/** The program as a service starts it: by the launcher of an installed release, else with this Node. */
const ownProgram = (): [string, ...string[]] =>
  process.env.BITORCH_LAUNCHER ? [process.env.BITORCH_LAUNCHER] : [process.execPath, MAIN];

/** Throws HOME_IN_USE when a node runs on the data directory, which the service's node could then not use. */
async function demandNoNode(home: string): Promise<void> {
  const { lockHome } = await import('#node');
  const unlock = await lockHome(home);
  unlock();
}

const installCommand = new Command('install')
  .description('run the node at every login, and again after a failure')
  .argument('[options...]', 'options of "bitorch start"; those of the previous installation when absent')
  .allowUnknownOption()
  .action(async (given: string[]) => {
    const service = ownService();
    await service.demandSystem();
    const before = await service.options();
    const { options, home } = serviceOptions(given.length === 0 ? (before ?? []) : given);
    const isOwn = (await service.state()) === 'running' && before?.includes(home);
    if (!isOwn) await demandNoNode(home);
    await service.install({ program: ownProgram(), options });
    const { name, path, logs } = service.system;
    print(`The node runs as a service of ${name} now, and starts at every login.`);
    print(`  definition  ${path}`);
    print(`  command     bitorch start ${options.join(' ')}`);
    print(`  logs        ${logs}`);
    const hint = await lingeringHint();
    if (hint) print(`\n${hint}`);
  });

const removeCommand = new Command('remove')
  .description('stop the service and remove it; the data directory stays')
  .action(async () => {
    const removed = await ownService().remove();
    print(removed ? 'The service is removed.' : 'No service is installed.');
  });

/** `bitorch service`: the node in the background, under the user's account. */
export const serviceCommands = new Command('service')
  .description('run the node in the background: systemd, launchd or Task Scheduler')
  .addCommand(installCommand)
  .addCommand(removeCommand);
