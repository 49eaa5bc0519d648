import { BitorchError, check, codeOf, equalBytes, messageOf, parseJson, readTextFile, z } from '#base';
import { SigningKey } from '#crypto';

const zBase64 = z
  .string()
  .max(128)
  .transform((text) => new Uint8Array(Buffer.from(text, 'base64')));
const zKeyFile = z.object({
  pub_key: z.object({ type: z.literal('tendermint/PubKeyEd25519'), value: zBase64 }),
  priv_key: z.object({ type: z.literal('tendermint/PrivKeyEd25519'), value: zBase64 }),
});

/**
 * Reads CometBFT's `priv_validator_key.json`, whose key signs beacon proofs. Throws KEY_INVALID when it is missing
 * or malformed.
 */
export async function readValidatorKey(path: string): Promise<SigningKey> {
  try {
    const file = check(zKeyFile, parseJson(await readTextFile(path)), path);
    const key = new SigningKey(file.priv_key.value.slice(0, 32));
    if (!equalBytes(key.publicKey, file.pub_key.value))
      throw new RangeError('its public key does not match its private key');
    return key;
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'the file does not exist' : messageOf(error);
    throw new BitorchError('KEY_INVALID', `${path} is not an Ed25519 validator key of CometBFT: ${why}`, {
      path,
    });
  }
}
