import { codeOf, createLog, dataDirectory, Lifecycle, type Options, z } from '#base';
import type { SetupView } from '#node';
import { type NodeFlags, nodeCommand, print, printJson, runningNode } from '../chain/api.ts';
import { ask, isInteractive } from '../wallet/terminal.ts';
import { openSteps, type SetupPlace } from './place.ts';
import { runningNodePlace } from './running-node.ts';

const FLAGS = {
  again: { schema: z.boolean().default(false), help: 'go through all steps again' },
} satisfies Options;

/** How to set up a node where nobody can be asked. */
const WITHOUT_TERMINAL = `Without a terminal, set up the node by commands:
  bitorch start INVITE                     joins the network of an invite
  bitorch start --roles client,seed        roles; --help lists them and the limits:
                --upload-rate, --download-rate, --disk-bytes, --hours, --pause-on-battery
  bitorch wallet create                    a wallet
  bitorch doctor                           reachability
docs/options.md lists the variables and the fields of config.json for the same; docs/api.md the routes (/api/setup, /api/settings).`;

/** `bitorch setup`: network, roles, limits, wallet and reachability in a few questions. */
export const setupCommand = nodeCommand(
  'setup',
  'set up network, roles, limits and wallet in a few questions',
  FLAGS,
).action(async (flags: NodeFlags & { again: boolean }) => {
  const lifecycle = new Lifecycle();
  try {
    const place = await placeOf(flags, lifecycle);
    if (flags.json) return printJson(await place.view());
    if (!isInteractive()) return tellHow(await place.view());
    if (flags.again) await openAll(place);
    const { runWizard } = await import('./wizard.ts');
    await runWizard(place, { ask, print });
  } finally {
    await lifecycle.stop();
  }
});

/** The running node of the data directory, else the directory. */
async function placeOf(flags: NodeFlags, lifecycle: Lifecycle): Promise<SetupPlace> {
  try {
    await runningNode(flags);
    return runningNodePlace(flags);
  } catch (error) {
    if (codeOf(error) !== 'NODE_MISSING') throw error;
  }
  const { home = dataDirectory() } = flags;
  const { changeHomeSettings, openHomeSetup } = await import('#node');
  const { signal } = lifecycle;
  const { setup, join } = await openHomeSetup(home, { log: createLog('silent'), signal });
  lifecycle.onStop(() => setup.stop());
  return {
    view: async () => setup.view(),
    change: async (change) => void (await setup.change(change)),
    measure: async () => void setup.measure(),
    ...{ join, joinTestNetwork: () => setup.joinTestNetwork() },
    changeSettings: (change) => changeHomeSettings(home, change),
    node: undefined,
  };
}

async function openAll(place: SetupPlace): Promise<void> {
  const { steps } = await place.view();
  await place.change({ steps: Object.fromEntries(steps.map(({ name }) => [name, 'open'])) });
}

function tellHow(view: SetupView): void {
  print(view.next === null ? 'The setup is finished.' : `Steps that are open: ${openSteps(view)}.`);
  print(WITHOUT_TERMINAL);
}
