import type { SetupStep } from '../api/setup.ts';
import { hasNetwork } from '../join/has-network.ts';
import { builtInTestNetwork } from '../join/test-network.ts';
import type { NodeOptions } from '../options.ts';
import type { Services } from '../services.ts';
import type { Traffic } from './measurement.ts';
import { Setup } from './setup.ts';

/** The setup of a running node. `join`: joins the network of an invite. */
export function openNodeSetup(
  options: NodeOptions,
  { library, host, chain }: Pick<Services, 'library' | 'host' | 'chain'>,
  { fixed, join }: { fixed: readonly string[]; join: (invite: string) => Promise<void> },
): Promise<Setup> {
  const blocked = (step: SetupStep): string | undefined => {
    if (step === 'roles' && fixed.includes('roles'))
      return 'the roles were given by a flag or variable when the node was started';
    if (step === 'wallet' && !chain) return 'this node follows no chain: join a network first';
    if (step === 'reach' && !host.reach)
      return 'this node listens on this computer alone: start it with --listen /ip4/0.0.0.0/tcp/4001 so that others can connect to it';
    return undefined;
  };
  const achieved = (step: SetupStep): boolean => {
    if (step === 'network') return hasNetwork(options);
    const wallet = step === 'wallet' ? chain?.wallet.view() : undefined;
    return wallet !== undefined && wallet.state !== 'missing' && wallet.backedUp;
  };
  const traffic = (): Traffic => {
    const transfers = library.all().map(({ torrent }) => torrent.progress());
    const sum = (rate: 'upBytesPerSecond' | 'downBytesPerSecond') =>
      transfers.reduce((total, progress) => total + progress[rate], 0);
    return { peers: host.connected.length, up: sum('upBytesPerSecond'), down: sum('downBytesPerSecond') };
  };
  return Setup.open(options.home, {
    ...{ blocked, achieved, traffic, join },
    testNetwork: builtInTestNetwork(),
  });
}
