import { BitorchError, equalBytes, type Logger } from '#base';
import { answerGenesis, readGenesis } from '#consensus';
import type { SigningKey } from '#crypto';
import type { Contacts, Host } from '#network';
import type { ChainEvent } from '../api/node-api.ts';
import type { NodeOptions } from '../options.ts';
import type { Directory } from '../peers/directory.ts';
import { ChainService } from './chain-service.ts';
import { LightChainService } from './light-chain-service.ts';

/** The options of a node that concern its chain and its wallet. */
export type ChainSettings = Pick<
  NodeOptions,
  'home' | 'genesis' | 'walletPassword' | 'bootstrap' | 'roles' | 'light' | 'trust' | 'chainRest'
>;

export interface ChainDependencies {
  readonly host: Host;
  readonly contacts: Contacts;
  readonly log: Logger;
  readonly directory: Directory;
  /** Of this node's validator; a light node has none. */
  readonly validatorKey: SigningKey | undefined;
  readonly onEvent: (event: ChainEvent) => void;
}

/**
 * Follows the chain that the options name, whole or by its headers; undefined where they name none. Throws OPTION_INVALID and
 * GENESIS_MISSING for options that contradict each other.
 */
export async function startChain(
  options: ChainSettings,
  { host, contacts, log, directory, validatorKey, onEvent }: ChainDependencies,
): Promise<ChainService | LightChainService | undefined> {
  const { home, genesis, walletPassword, bootstrap, roles, light, trust, chainRest } = options;
  const validates = roles.includes('validate');
  if (light && validates)
    throw new BitorchError(
      'OPTION_INVALID',
      'a validator must store the blocks of its chain: leave out --light',
    );
  if (genesis === undefined) {
    if (!validates && !light) return undefined;
    throw new BitorchError(
      'GENESIS_MISSING',
      'following a chain requires the genesis file of its network: pass --genesis',
    );
  }
  await answerGenesis(host, await readGenesis(genesis));
  const chain = { home, genesis, walletPassword, trust };
  if (!validatorKey)
    return LightChainService.start({ ...chain, contacts: bootstrap }, { host, log, onEvent });
  const nameOf = (key: Uint8Array) =>
    directory.nodes().find(({ validator }) => validator !== null && equalBytes(validator, key))?.name;
  return ChainService.start(
    { ...chain, restMs: chainRest },
    { host, contacts, log, onEvent, key: validatorKey, nameOf },
  );
}
