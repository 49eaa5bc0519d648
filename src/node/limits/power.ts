import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the machine runs on; `unknown` where the system has no known way to tell. */
export type Power = 'mains' | 'battery' | 'unknown';

const POWER_SUPPLIES = '/sys/class/power_supply';

/** What the machine runs on, as the Linux kernel says (Documentation/ABI/testing/sysfs-class-power). */
export async function readPower(folder = POWER_SUPPLIES, platform = process.platform): Promise<Power> {
  if (platform !== 'linux') return 'unknown';
  const names = await readdir(folder).catch(() => []);
  const supplies = await Promise.all(names.map((name) => readSupply(join(folder, name))));
  const isOnMains = supplies.some(({ type, online }) => type !== 'Battery' && online === '1');
  // Mice and keyboards have batteries too, of the scope "Device".
  const isDischarging = supplies.some(
    ({ type, scope, status }) => type === 'Battery' && scope !== 'Device' && status === 'Discharging',
  );
  return isDischarging && !isOnMains ? 'battery' : 'mains';
}

async function readSupply(folder: string) {
  const read = (name: string) =>
    readFile(join(folder, name), 'utf8').then(
      (text) => text.trim(),
      () => '',
    );
  const [type, scope, status, online] = await Promise.all(['type', 'scope', 'status', 'online'].map(read));
  return { type, scope, status, online };
}
