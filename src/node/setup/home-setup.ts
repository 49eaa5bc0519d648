import type { Logger } from '#base';
import type { SettingsChange } from '../api/settings.ts';
import type { SetupStep } from '../api/setup.ts';
import { joinByInvite } from '../join/join-by-invite.ts';
import { readNetwork } from '../join/network-file.ts';
import { builtInTestNetwork } from '../join/test-network.ts';
import { requireSupported } from '../limits/limits.ts';
import { readPower } from '../limits/power.ts';
import { changeConfig } from '../settings/config-file.ts';
import { Setup } from './setup.ts';

interface HomeSetup {
  readonly setup: Setup;
  readonly join: (invite: string, options?: { acceptRisks?: boolean }) => Promise<void>;
}

/** The setup of a data directory on which no node runs. Throws CONFIG_INVALID, TEST_NETWORK_INVALID. */
export async function openHomeSetup(
  home: string,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): Promise<HomeSetup> {
  let joined = (await readNetwork(home)) !== undefined;
  const join: HomeSetup['join'] = async (invite, { acceptRisks = false } = {}) => {
    await joinByInvite(home, invite, { log, signal, acceptRisks });
    joined = true;
  };
  const blocked = (step: SetupStep): string | undefined =>
    step === 'wallet' || step === 'reach'
      ? 'needs a running node: run "bitorch start", then "bitorch setup" again'
      : undefined;
  const achieved = (step: SetupStep): boolean => step === 'network' && joined;
  const testNetwork = builtInTestNetwork();
  const setup = await Setup.open(home, { blocked, achieved, traffic: undefined, join, testNetwork });
  return { setup, join };
}

/** Writes roles and limits for the next start of the node. Throws LIMIT_UNSUPPORTED, CONFIG_INVALID, DISK_FULL. */
export async function changeHomeSettings(
  home: string,
  { roles, limits = {} }: SettingsChange,
): Promise<void> {
  requireSupported({ pauseOnBattery: limits.pauseOnBattery ?? false }, await readPower());
  await changeConfig(home, { roles, ...limits });
}
