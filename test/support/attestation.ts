import { createLog } from '#base';
import { SigningKey } from '#crypto';
import { Host } from '#network';
import { type Attestation, type SealedAttestation, sealAttestation } from '#security';

export interface TestAuthority {
  readonly key: SigningKey;
  readonly id: string;
}

/** A security node's key and the peer id that is made of it. */
export async function authority(n: number): Promise<TestAuthority> {
  const key = new SigningKey(new Uint8Array(32).fill(n));
  const host = await Host.start({ key }, { log: createLog('silent') });
  const { id } = host;
  await host.stop();
  return { key, id };
}

/** A good word about a model. */
export const attestationFields = ({ id }: Pick<TestAuthority, 'id'>): Attestation => ({
  format: 2,
  authority: id,
  manifest: new Uint8Array(32),
  name: 'tiny',
  verdict: 'cleared',
  time: 1000,
  report: new Uint8Array(32).fill(5),
  ruleset: { id: new Uint8Array(32).fill(6), name: 'bitorch', version: 1 },
  scanner: 1,
  files: 1,
  bytes: 1000,
  reasons: [],
  trial: { state: 'passed', note: '', timeMs: 10, peakMemoryBytes: 1, processes: 1, sockets: 0 },
  engines: [],
});

/** The same, or what `changes` make of it, signed. */
export const attest = (authority: TestAuthority, changes: Partial<Attestation> = {}): SealedAttestation =>
  sealAttestation({ ...attestationFields(authority), ...changes }, authority.key);
