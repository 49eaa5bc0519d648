import { BitorchError, parse } from '#base';
import type { LimitsView } from '#node';
import { zLimits } from '#node/api';

type Units = ReadonlyMap<string, number>;
const DISK_UNITS: Units = new Map(Object.entries({ '': 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 }));
const RATE_UNITS: Units = new Map(Object.entries({ '': 1, 'kb/s': 1, 'mb/s': 1e3 }));

const KEYS = new Map(
  Object.entries({
    disk: 'diskBytes',
    up: 'uploadRate',
    down: 'downloadRate',
    hours: 'hours',
    battery: 'pauseOnBattery',
  } as const),
);

const EXAMPLE = 'write, for example: disk 20GB, up 500, down 2000, hours 22:00-07:00, battery';

/**
 * Limits as people write them: `disk 20GB, up 500, hours 22:00-07:00, battery`, rates in kB/s; `none` lifts all. Throws OPTION_INVALID.
 */
export function parseLimits(text: string): Partial<LimitsView> {
  if (text.trim().toLowerCase() === 'none')
    return { diskBytes: null, uploadRate: null, downloadRate: null, hours: null, pauseOnBattery: false };
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const given = Object.fromEntries(parts.map(limitOf));
  const result = parse(zLimits.partial(), given);
  if ('data' in result) return given as Partial<LimitsView>;
  const { path, problem } = result.wrong;
  throw new BitorchError('OPTION_INVALID', `${path || 'limits'} ${problem}; ${EXAMPLE}`);
}

function limitOf(part: string): [string, unknown] {
  const [, word = '', value = ''] = /^([a-z]+)[\s=:]*(.*)$/i.exec(part) ?? [];
  const key = KEYS.get(word.toLowerCase());
  if (key === 'pauseOnBattery') return [key, value !== 'no'];
  if (key === 'hours') return [key, value];
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z/]*)$/i.exec(value) ?? [];
  if (key === undefined || digits === undefined)
    throw new BitorchError('OPTION_INVALID', `"${part}" is not a limit; ${EXAMPLE}`);
  const factor = (key === 'diskBytes' ? DISK_UNITS : RATE_UNITS).get(unit.toLowerCase());
  if (factor === undefined)
    throw new BitorchError('OPTION_INVALID', `"${unit}" is not a unit of ${word}; ${EXAMPLE}`);
  return [key, Math.round(Number(digits) * factor)];
}
