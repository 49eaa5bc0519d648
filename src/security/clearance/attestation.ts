import { BitorchError, z, zBytes, zBytesUpTo, zCount } from '#base';
import { openSigned, type SigningKey, sealSigned } from '#crypto';
import { publicKeyOf } from '#network';
import { SEVERITIES } from '../report.ts';
import { MAX_ATTESTATION_BYTES, MAX_REASONS } from './constants.ts';

const text = (max: number) => z.string().max(max);

/** One reason for a verdict, in text for people. */
const reasonSchema = z.strictObject({
  /**
   * What found it: the built-in scanner, the comparison of the manifest with its files, the trial in the sandbox, or
   * an engine by name.
   */
  source: text(40),
  rule: text(64),
  severity: z.enum(SEVERITIES),
  title: text(120),
  why: text(600),
  fix: text(600),
  /** Path inside the model; empty for the model as a whole. */
  file: text(1024),
  /** Location in the file, and what was found. */
  place: text(300),
  detail: text(1024),
});
export type Reason = z.infer<typeof reasonSchema>;

const trialSchema = z.strictObject({
  /**
   * `passed` or `failed`: the model was run. `omitted`: not run because of earlier findings. `unavailable`: the
   * authority has no sandbox.
   */
  state: z.enum(['passed', 'failed', 'omitted', 'unavailable']),
  /** Why it failed or was not run; empty if it passed. */
  note: text(600),
  timeMs: zCount,
  peakMemoryBytes: zCount,
  processes: zCount,
  sockets: zCount,
});

const engineSchema = z.strictObject({
  name: text(40),
  state: z.enum(['clean', 'found', 'partial', 'missing', 'failed']),
  version: text(200),
  note: text(200),
});

const attestationSchema = z.strictObject({
  format: z.literal(2),
  /** Peer id of the security node that signs. */
  authority: text(128),
  manifest: zBytes(32),
  /** The model's name in its manifest. */
  name: z.string().min(1).max(128),
  /**
   * `cleared`: nothing was found and the trial passed. `unproven`: nothing was found, but the authority could not run
   * the model. `quarantined`: refused by a finding or the trial.
   */
  verdict: z.enum(['cleared', 'unproven', 'quarantined']),
  /** Milliseconds since the epoch; the newest attestation of an authority about a manifest counts. */
  time: zCount,
  /** Hash of the canonical report, and the ruleset and scanner that produced it. */
  report: zBytes(32),
  ruleset: z.strictObject({ id: zBytes(32), name: text(64), version: zCount }),
  scanner: zCount,
  files: zCount,
  bytes: zCount,
  reasons: z.array(reasonSchema).max(MAX_REASONS),
  trial: trialSchema,
  engines: z.array(engineSchema).max(8),
});

/**
 * A security node's signed statement about a model: docs/protocol/security.md. Only a model that passed a trial is
 * cleared.
 */
export type Attestation = z.infer<typeof attestationSchema>;

/** An encoded attestation with its authority's signature, as nodes pass it on. */
export const sealedAttestationSchema = z.strictObject({
  authority: text(128),
  sealed: zBytesUpTo(MAX_ATTESTATION_BYTES),
});
export type SealedAttestation = z.infer<typeof sealedAttestationSchema>;

/** States of the trial that each verdict allows. */
const TRIALS: Readonly<Record<Attestation['verdict'], readonly Attestation['trial']['state'][]>> = {
  cleared: ['passed'],
  unproven: ['unavailable'],
  quarantined: ['passed', 'failed', 'omitted', 'unavailable'],
};

const provenSchema = attestationSchema.refine(
  ({ verdict, trial }) => TRIALS[verdict].includes(trial.state),
  'its trial does not allow its verdict',
);

const PURPOSE = 'security-attestation';

/** Signs an attestation with the authority's key. */
export const sealAttestation = (attestation: Attestation, key: SigningKey): SealedAttestation => ({
  authority: attestation.authority,
  sealed: sealSigned(PURPOSE, attestation, key),
});

/**
 * Verifies and decodes an attestation. Throws SIGNATURE_INVALID, SCHEMA_INVALID or CODEC_INVALID; also when it names
 * another peer than its signer.
 */
export function openAttestation({ authority, sealed }: SealedAttestation): Attestation {
  const attestation = openSigned(
    PURPOSE,
    provenSchema,
    sealed,
    publicKeyOf(authority),
    MAX_ATTESTATION_BYTES,
  );
  if (attestation.authority !== authority)
    throw new BitorchError('SCHEMA_INVALID', 'the attestation names another authority than its signer');
  return attestation;
}
