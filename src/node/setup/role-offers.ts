import type { Role } from '../api/network.ts';
import type { Measured, RoleOffer } from '../api/setup.ts';
import { HOME_OPTIONS } from '../options/home.ts';
import { ROLES } from '../options/roles.ts';

/** SmolLM2-135M with 4-bit weights, and its blocks with four sessions of 2,048 positions in the engine's memory, in bytes. */
const MODEL_BYTES = 93_400_000;
const STAGE_BYTES = 450_000_000;
/** Below these, a machine would slow down its owner or the answers of others. */
const LEAST_FREE_DISK = 2e9;
const LEAST_FREE_MEMORY = 1.5e9;
const LEAST_CORES = 4;
const MOST_MS_PER_TOKEN = 50;

const UNPAID = 'Nothing is paid for this work yet.';
const NOT_MEASURED = 'not measured yet; this is the default of a new node';

interface Judgement {
  readonly proposed: boolean;
  readonly reason: string;
}

/** What each role costs on this machine and what it earns today; those that suit the measured machine are proposed. */
export const roleOffers = (measured: Measured | undefined): RoleOffer[] =>
  ROLES.map((role) => ({ role, ...judgementOf(role, measured), ...TERMS[role] }));

type Terms = Pick<RoleOffer, 'cost' | 'reward'>;

const terms = (
  [cost, diskBytes, memoryBytes]: [string, number | null, number | null],
  [reward, paid]: [string, boolean] = [UNPAID, false],
): Terms => ({ cost: { text: cost, diskBytes, memoryBytes }, reward: { text: reward, paid } });

const TERMS: Readonly<Record<Role, Terms>> = {
  client: terms(
    ['Disk and memory for the first and last layers of the models that you chat with.', null, null],
    ['Chats with models that run on other computers. Nobody charges for them yet.', false],
  ),
  seed: terms(['Disk for whole models, and upload within your limit.', MODEL_BYTES, null]),
  run: terms(['Processor time and memory while others chat.', MODEL_BYTES, STAGE_BYTES]),
  audit: terms([
    'Memory for a model, and a few seconds of processor time for each answer that is checked.',
    MODEL_BYTES,
    STAGE_BYTES,
  ]),
  validate: terms(
    [
      'Disk for the whole chain, a computer that is always on, and a bond that you lose a part of if it votes twice or stays away.',
      null,
      null,
    ],
    [
      'Validators share 40 % of the new coins of each day by their bonds. Coins of a test network have no value.',
      true,
    ],
  ),
  security: terms([
    'Disk, memory and processor time for scanning models and running them once in a sandbox (Linux).',
    null,
    null,
  ]),
};

function judgementOf(role: Role, measured: Measured | undefined): Judgement {
  if (role === 'validate')
    return { proposed: false, reason: 'needs a bond of at least 1,000 TORCH on most networks' };
  if (role === 'security')
    return { proposed: false, reason: 'counts only where the network names this node as a security node' };
  if (!measured)
    return { proposed: HOME_OPTIONS.roles.schema.parse(undefined).includes(role), reason: NOT_MEASURED };
  if (role === 'client') return { proposed: true, reason: 'runs on any computer' };
  return role === 'seed' ? seeds(measured) : computes(measured);
}

function seeds({ disk }: Measured): Judgement {
  const free = `${gigabytes(disk.freeBytes)} GB of disk are free`;
  return disk.freeBytes >= LEAST_FREE_DISK
    ? { proposed: true, reason: free }
    : { proposed: false, reason: `only ${free}` };
}

function computes({ cpu, memory, disk }: Measured): Judgement {
  const speed = `${cpu.msPerToken.toFixed(1)} ms per token of ${cpu.reference}`;
  if (cpu.msPerToken > MOST_MS_PER_TOKEN)
    return { proposed: false, reason: `${speed}: others would wait for this computer` };
  if (cpu.cores < LEAST_CORES)
    return { proposed: false, reason: `${cpu.cores} processor cores: your own work would slow down` };
  if (memory.freeBytes < LEAST_FREE_MEMORY)
    return { proposed: false, reason: `only ${gigabytes(memory.freeBytes)} GB of memory are free` };
  if (disk.freeBytes < LEAST_FREE_DISK)
    return { proposed: false, reason: `only ${gigabytes(disk.freeBytes)} GB of disk are free` };
  return { proposed: true, reason: `${speed}, ${gigabytes(memory.freeBytes)} GB of memory free` };
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
