/**
 * Signs the list of the test network's nodes, src/node/join/test-network.json:
 *
 *     node scripts/sign-test-network.ts KEY_FILE NAME [INVITE…]
 *
 * KEY_FILE holds the seed of the list's key, 64 hexadecimal digits; it is created when missing. The public key is printed, and has
 * to be LIST_KEY in src/node/join/test-network.ts.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fromHex, toHex } from '#base';
import { SigningKey, systemRandom } from '#crypto';
import { parseInvite } from '../src/node/join/invite.ts';
import { openTestNetwork, signTestNetwork } from '../src/node/join/test-network.ts';

const [keyFile, name, ...invites] = process.argv.slice(2);
if (keyFile === undefined || name === undefined)
  throw new Error('usage: node scripts/sign-test-network.ts KEY_FILE NAME [INVITE…]');
for (const invite of invites) parseInvite(invite, Date.now());
const key = new SigningKey(seedIn(keyFile));
const path = new URL('../src/node/join/test-network.json', import.meta.url);
const signed = signTestNetwork({ name, invites }, key);
openTestNetwork(signed, key.publicKey);
writeFileSync(path, `${JSON.stringify(signed, null, 2)}\n`);
process.stdout.write(`signed ${invites.length} invites with ${toHex(key.publicKey)}\n`);

function seedIn(path: string): Uint8Array {
  try {
    return fromHex(readFileSync(path, 'utf8').trim());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const seed = systemRandom(32);
    writeFileSync(path, `${toHex(seed)}\n`, { mode: 0o600, flag: 'wx' });
    return seed;
  }
}
