import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BitorchError, domainHash, messageOf, utf8, writeFileAtomic } from '#base';
import { checkGenesis, formatGenesis, type Genesis, networkOf, parseGenesis, withChainId } from '#consensus';
import { type Address, defaultCurve } from '#crypto';
import { DEFAULT_PARAMETERS, OpenWallet, parseAddress, TORCH } from '#ledger';
import { loadValidatorKey, ownerKeyOf } from '#node';

const NAME = 'devnet';
/** Fixed, so that every devnet has the same addresses. */
const TIME = 1_764_000_000_000;

export interface DevnetChainOptions {
  /** Folder of the devnet: the genesis file goes here, the data of each node into a folder of its own. */
  readonly folder: string;
  /** Folders of the nodes that validate, and of those that only have a wallet. */
  readonly validators: readonly string[];
  readonly others: readonly string[];
  /** Of every wallet: this money is worth nothing. */
  readonly password: string;
}

/**
 * Makes what a devnet's chain begins with, unless it is there: a consensus key and a wallet for each node, and a genesis
 * of short clocks with a faucet. Returns the path of the genesis file. Throws DEVNET_OUTDATED.
 */
export async function prepareDevnetChain(options: DevnetChainOptions): Promise<string> {
  const { folder, validators, others, password } = options;
  const path = join(folder, 'genesis.json');
  if (existsSync(path)) {
    await requireReadable(path, folder);
    return path;
  }
  const network = networkOf(NAME, TIME);
  const founders: Founder[] = [];
  for (const name of [...validators, ...others]) {
    const file = { path: join(folder, name, 'wallet'), password };
    const wallet = existsSync(file.path)
      ? await OpenWallet.open(file)
      : await OpenWallet.create(file, { network });
    await wallet.close();
    if (!validators.includes(name)) continue;
    const key = (await loadValidatorKey(join(folder, name))).publicKey;
    const payout = parseAddress(wallet.addresses[0]!.address, network, defaultCurve());
    founders.push({ key, owner: ownerKeyOf(wallet.wallet, key).publicKey, payout });
  }
  await writeFileAtomic(path, formatGenesis(devnetGenesis(network, founders)));
  return path;
}

async function requireReadable(path: string, folder: string): Promise<void> {
  try {
    parseGenesis(await readFile(path), defaultCurve());
  } catch (error) {
    throw new BitorchError(
      'DEVNET_OUTDATED',
      `the devnet in ${folder} was made by another version (${messageOf(error)}): its coins have no value, so delete ` +
        'the folder and start again, or choose another --home',
    );
  }
}

interface Founder {
  readonly key: Uint8Array;
  readonly owner: Uint8Array;
  readonly payout: Address;
}

function devnetGenesis(network: Uint8Array, founders: readonly Founder[]): Genesis {
  const curve = defaultCurve();
  return checkGenesis(
    withChainId({
      real: 0,
      name: utf8(NAME),
      time: TIME,
      parameters: {
        ...DEFAULT_PARAMETERS,
        network,
        maturity: 2,
        mintMaturity: 4,
        epochBlocks: 120,
        unbondingBlocks: 600,
        downtimeBlocks: 120,
        jailBlocks: 30,
        settlementWindow: 60,
        silenceWindow: 20,
        maxEscrowBlocks: 600,
        leastBond: 100n * TORCH,
      },
      consensus: {
        maxValidators: 100,
        genesisPower: 1_000,
        maxBytes: 1 << 20,
        periodBlocks: 30,
        timeouts: {
          propose: 1_000,
          proposeStep: 500,
          prevote: 300,
          prevoteStep: 200,
          precommit: 300,
          precommitStep: 200,
          commit: 700,
        },
      },
      validators: founders
        .map((founder) => ({ ...founder, commission: 1_000, tokens: 1_000n * TORCH }))
        .sort((a, b) => Buffer.compare(a.key, b.key)),
      faucet: { entropy: domainHash('devnet-faucet', utf8(NAME)), outputs: 256, amount: 1_000n * TORCH },
    }),
    curve,
  );
}
