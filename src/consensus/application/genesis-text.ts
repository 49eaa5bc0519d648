import {
  BitorchError,
  check,
  codeOf,
  fromHex,
  fromUtf8,
  messageOf,
  parseJson,
  textOf,
  toHex,
  utf8,
  z,
} from '#base';
import type { Curve } from '#crypto';
import {
  DEFAULT_PARAMETERS,
  encode,
  formatAddress,
  genesisParametersCodec,
  type Parameters,
  parseAddress,
} from '#ledger';
import { MAX_VALIDATORS } from '../constants.ts';
import {
  checkGenesis,
  type Genesis,
  type GenesisContent,
  NETWORK_NAME,
  networkOf,
  withChainId,
} from './genesis.ts';

/** Reads and writes genesis files (JSON), see docs/protocol/genesis.md. */

const FORMAT = 'bitorch-genesis-1';
export const MAX_GENESIS_BYTES = 2 ** 20;

/** Separators and brackets of a validator with all its fields; and of everything else. */
const MAX_VALUES = MAX_VALIDATORS * 11 + 256;
const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, OPEN_OBJECT] = [0x5b, 0x7b];

const whole = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const IN_QUOTES = 'must be a whole number of sparks in quotes';
const sparks = z.string(IN_QUOTES).regex(/^(0|[1-9]\d{0,19})$/, IN_QUOTES);
const hex32 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lowercase hexadecimal digits');

const { chainId: _, network: __, ...PARAMETERS } = DEFAULT_PARAMETERS;
/** Every parameter by name: amounts in quotes, all others as numbers. */
const zParameters = z.strictObject(
  Object.fromEntries(
    Object.entries(PARAMETERS).map(([name, value]) => [name, typeof value === 'bigint' ? sparks : whole]),
  ),
);

const zGenesis = z.strictObject({
  format: z.literal(FORMAT),
  network: z.enum(['test', 'real']),
  name: z.string().regex(NETWORK_NAME, 'must be 3 to 48 characters of a-z, 0-9 and -'),
  time: whole,
  parameters: zParameters,
  consensus: z.strictObject({
    maxValidators: whole,
    genesisPower: whole,
    maxBytes: whole,
    periodBlocks: whole,
    timeouts: z.strictObject({
      propose: whole,
      proposeStep: whole,
      prevote: whole,
      prevoteStep: whole,
      precommit: whole,
      precommitStep: whole,
      commit: whole,
    }),
  }),
  validators: z.array(
    z.strictObject({
      key: hex32,
      owner: hex32,
      payout: z.string().max(256),
      commission: whole,
      tokens: sparks,
    }),
  ),
  faucet: z.strictObject({ entropy: hex32, outputs: whole, amount: sparks }).optional(),
});

const NO_FAUCET = { entropy: new Uint8Array(32), outputs: 0, amount: 0n };

/**
 * Parses a genesis file, or the application state in a genesis file of CometBFT, which has the same format. Throws
 * GENESIS_INVALID when a field is wrong; the message names the field.
 */
export function parseGenesis(bytes: Uint8Array, curve: Curve): Genesis {
  try {
    const file = check(zGenesis, parseOnce(bytes), 'genesis');
    const network = networkOf(file.name, file.time);
    const genesis: GenesisContent = {
      real: file.network === 'real' ? 1 : 0,
      name: utf8(file.name),
      time: file.time,
      parameters: { ...parametersOf(file.parameters), network },
      consensus: file.consensus,
      validators: file.validators.map(({ key, owner, payout, commission, tokens }) => ({
        key: fromHex(key),
        owner: fromHex(owner),
        payout: parseAddress(payout, network, curve),
        commission,
        tokens: BigInt(tokens),
      })),
      faucet: file.faucet
        ? { ...file.faucet, entropy: fromHex(file.faucet.entropy), amount: BigInt(file.faucet.amount) }
        : NO_FAUCET,
    };
    encode(genesisParametersCodec, genesis.parameters);
    return checkGenesis(withChainId(genesis), curve);
  } catch (error) {
    const prefix = codeOf(error) === 'JSON_INVALID' ? 'not a genesis: ' : '';
    throw new BitorchError('GENESIS_INVALID', `${prefix}${messageOf(error)}`);
  }
}

/** Formats what `parseGenesis` reads. */
export function formatGenesis(genesis: Genesis): string {
  const { chainId: _, network, ...parameters } = genesis.parameters;
  const { entropy, outputs, amount } = genesis.faucet;
  const file: z.infer<typeof zGenesis> = {
    format: FORMAT,
    network: genesis.real ? 'real' : 'test',
    name: fromUtf8(genesis.name),
    time: genesis.time,
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [
        name,
        typeof value === 'bigint' ? `${value}` : value,
      ]),
    ),
    consensus: genesis.consensus,
    validators: genesis.validators.map(({ key, owner, payout, commission, tokens }) => ({
      key: toHex(key),
      owner: toHex(owner),
      payout: formatAddress(payout, network),
      commission,
      tokens: `${tokens}`,
    })),
    ...(outputs > 0 && { faucet: { entropy: toHex(entropy), outputs, amount: `${amount}` } }),
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/**
 * Throws RangeError for a file with more values than the largest genesis has: JSON.parse and the schema take seconds for 1 MiB of
 * them. Counts separators and opening brackets outside of strings.
 */
function requireFew(bytes: Uint8Array): void {
  let values = 0;
  let inString = false;
  for (let n = 0; n < bytes.length; n++) {
    const byte = bytes[n];
    if (byte === QUOTE) inString = !inString;
    else if (inString) n += Number(byte === BACKSLASH);
    else if (byte === COMMA || byte === COLON || byte === OPEN_LIST || byte === OPEN_OBJECT) values++;
    if (values > MAX_VALUES)
      throw new RangeError(
        `genesis: "validators" must have at most ${MAX_VALIDATORS} items, and the file no more values than they need`,
      );
  }
}

const parametersOf = (file: Record<string, unknown>): Omit<Parameters, 'chainId' | 'network'> =>
  Object.fromEntries(
    Object.entries(file).map(([name, value]) => [name, typeof value === 'string' ? BigInt(value) : value]),
  ) as unknown as Omit<Parameters, 'chainId' | 'network'>;

/**
 * JSON in which only white space is free: no duplicate keys (JSON.parse keeps the last one), no alternative
 * spellings of numbers.
 */
function parseOnce(bytes: Uint8Array): unknown {
  if (bytes.length > MAX_GENESIS_BYTES) {
    throw new RangeError(`a genesis of ${bytes.length} bytes exceeds the limit of ${MAX_GENESIS_BYTES}`);
  }
  requireFew(bytes);
  const text = textOf(bytes);
  const value = parseJson(text);
  const tight = text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');
  if (JSON.stringify(value) !== tight)
    throw new RangeError('genesis: a key occurs twice, or a value is not in its canonical spelling');
  return value;
}
