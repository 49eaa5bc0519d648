import { BitorchError, check, codeOf, equalBytes, messageOf, readTextFile, z } from '#base';
import { SigningKey } from '#crypto';

const zBase64 = z
  .string()
  .max(128)
  .transform((text) => new Uint8Array(Buffer.from(text, 'base64')));
const zKeyFile = z.object({
  pub_key: z.object({ type: z.literal('tendermint/PubKeyEd25519'), value: zBase64 }),
  priv_key: z.object({ type: z.literal('tendermint/PrivKeyEd25519'), value: zBase64 }),
});

/** CometBFT's `priv_validator_key.json`: what the beacon is signed with. Throws KEY_INVALID that says what is wrong. */
export async function readValidatorKey(path: string): Promise<SigningKey> {
  try {
    const file = check(zKeyFile, JSON.parse(await readTextFile(path)), path);
    const key = new SigningKey(file.priv_key.value.slice(0, 32));
    if (!equalBytes(key.publicKey, file.pub_key.value))
      throw new RangeError('its two keys do not belong together');
    return key;
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'it is not there' : messageOf(error);
    throw new BitorchError('KEY_INVALID', `${path} is no Ed25519 validator key of CometBFT: ${why}`, {
      path,
    });
  }
}
