import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { BitorchError, fromHex, type Options, type OptionValues, toHex, utf8, z } from '#base';
import type { Founder, Genesis, GenesisPlan } from '#consensus';
import { zFile } from './common-options.ts';
import { commandOf, wholeNumber } from './flags.ts';

const MAKE_FLAGS = {
  name: {
    schema: z.string().min(1),
    value: 'name',
    help: 'the network’s name: 3 to 48 of a-z, 0-9 and -; required',
  },
  network: {
    schema: z.enum(['test', 'real']).default('test'),
    value: 'kind',
    help: 'test: with a public faucet; real: nothing is minted',
  },
  time: {
    schema: z.number().optional(),
    value: 'time',
    help: 'start of the chain; default: now',
    read: (text) => Date.parse(text),
    form: 'a time such as 2026-12-01T00:00:00Z',
  },
  validator: {
    schema: z.array(z.string()).default([]),
    value: 'key,owner,payout,commission',
    help: 'two public keys in hexadecimal, an address of this network (optional on a test network), commission in basis points',
    repeat: true,
  },
  set: {
    schema: z.array(z.string().regex(/^[\w.]+=\d+$/, 'must be name=number')).default([]),
    value: 'name=value',
    help: 'a parameter, such as epochBlocks=600 or timeouts.commit=500',
    repeat: true,
  },
  out: { schema: zFile.optional(), value: 'file', help: 'output file; default: standard output' },
} satisfies Options;

type MakeFlags = OptionValues<typeof MAKE_FLAGS>;

const makeCommand = commandOf('make', 'write a genesis file', MAKE_FLAGS).action(async (flags: MakeFlags) => {
  const text = await made(flags);
  if (flags.out === undefined) process.stdout.write(text);
  else {
    await writeFile(flags.out, text);
    await describe(utf8(text));
  }
});

const checkCommand = new Command('check')
  .description('check a genesis file and describe it')
  .argument('<file>')
  .action(async (path: string) => {
    const { readGenesis } = await import('#consensus');
    await describe(await readGenesis(path));
  });

/** `bitorch genesis`: makes and checks genesis files. */
export const genesisCommand = new Command('genesis')
  .description("make or check a network's genesis file")
  .addCommand(makeCommand)
  .addCommand(checkCommand);

async function made({ name, network, time = Date.now(), validator, set }: MakeFlags): Promise<string> {
  const { formatGenesis, makeGenesis, networkOf, parseGenesis } = await import('#consensus');
  const { defaultCurve } = await import('#crypto');
  const { parseAddress } = await import('#ledger');
  const curve = defaultCurve();
  const plan: GenesisPlan = { network, name, time, founders: [] };
  const founders = validator.map((text): Founder => {
    const [key, owner, payout, commission] = text.split(',');
    return {
      key: keyOf(key),
      owner: keyOf(owner),
      ...(payout && { payout: parseAddress(payout, networkOf(name, plan.time), curve) }),
      ...(commission && { commission: wholeNumber('commission', commission, 0, 10_000) }),
    };
  });
  const text = formatGenesis(makeGenesis({ ...plan, founders }, curve));
  return formatGenesis(parseGenesis(utf8(JSON.stringify(withSettings(JSON.parse(text), set))), curve));
}

type Fields = Record<string, unknown>;

/** The file with the defaults decides which names exist, and whether a value is a number or a decimal string. */
function withSettings(file: Fields, settings: readonly string[]): Fields {
  for (const setting of settings) {
    const [, name, value] =
      /^([\w.]+)=(\d+)$/.exec(setting) ?? refuse(`--set ${setting}: write it as name=number`);
    const consensus = file.consensus as Fields;
    const places = [file.parameters as Fields, consensus, (file.faucet ?? {}) as Fields];
    const [place, field] = name!.startsWith('timeouts.')
      ? [consensus.timeouts as Fields, name!.slice('timeouts.'.length)]
      : [places.find((one) => Object.hasOwn(one, name!)), name!];
    if (!place || !Object.hasOwn(place, field)) refuse(`--set ${setting}: no such parameter`);
    place[field] = typeof place[field] === 'string' ? value : wholeNumber(name!, value!);
  }
  return file;
}

async function describe(bytes: Uint8Array): Promise<void> {
  const { faucetAddress, parseGenesis } = await import('#consensus');
  const { defaultCurve } = await import('#crypto');
  const { formatAddress, wordsOf } = await import('#ledger');
  const curve = defaultCurve();
  const genesis: Genesis = parseGenesis(bytes, curve);
  const { chainId, network } = genesis.parameters;
  const lines = [
    `network    ${new TextDecoder().decode(genesis.name)}, ${genesis.real ? 'real' : 'test'}`,
    `starts     ${new Date(genesis.time).toISOString()}`,
    `network id ${toHex(network)}`,
    `hash       ${toHex(chainId)}`,
    `validators ${genesis.validators.length}`,
  ];
  if (genesis.faucet.outputs > 0) {
    lines.push(`faucet     ${genesis.faucet.outputs} outputs of ${genesis.faucet.amount} sparks`);
    lines.push(`           ${formatAddress(faucetAddress(genesis, curve), network)}`);
    lines.push(`           ${wordsOf(genesis.faucet.entropy)}`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

const keyOf = (text: string | undefined): Uint8Array =>
  /^[0-9a-f]{64}$/i.test(text ?? '')
    ? fromHex(text!)
    : refuse(`--validator: ${text} is not a public key of 64 hexadecimal digits`);

function refuse(why: string): never {
  throw new BitorchError('OPTION_INVALID', why);
}
