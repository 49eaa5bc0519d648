import { BitorchError, z, zBytes, zBytesUpTo, zCount } from '#base';
import { openSigned, type SigningKey, sealSigned } from '#crypto';
import { publicKeyOf } from '#network';
import { SEVERITIES } from '../report.ts';
import { MAX_ATTESTATION_BYTES, MAX_REASONS } from './constants.ts';

const text = (max: number) => z.string().max(max);

/** One thing that is wrong, in words for people. */
const reasonSchema = z.strictObject({
  /** Who found it: our scanner, the manifest held against its files, the trial in the sandbox, or an engine by its name. */
  source: text(40),
  rule: text(64),
  severity: z.enum(SEVERITIES),
  title: text(120),
  why: text(600),
  fix: text(600),
  /** Path inside the model; empty for the model as a whole. */
  file: text(1024),
  /** Where in the file, and what was found there. */
  place: text(300),
  detail: text(1024),
});
export type Reason = z.infer<typeof reasonSchema>;

const trialSchema = z.strictObject({
  /** `omitted`: what was found before forbids it. `unavailable`: the authority has no sandbox. */
  state: z.enum(['passed', 'failed', 'omitted', 'unavailable']),
  /** Why it failed or was not made; empty for one that passed. */
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
  /** Peer id of the security node; the signer's. */
  authority: text(128),
  manifest: zBytes(32),
  /** The model's name in its manifest. */
  name: z.string().min(1).max(128),
  /** `unproven`: nothing speaks against the model, and the authority could not run it. */
  verdict: z.enum(['cleared', 'unproven', 'quarantined']),
  /** Milliseconds since epoch; the newest of an authority about a manifest counts. */
  time: zCount,
  /** Hash of the canonical report, and the ruleset and scanner that made it. */
  report: zBytes(32),
  ruleset: z.strictObject({ id: zBytes(32), name: text(64), version: zCount }),
  scanner: zCount,
  files: zCount,
  bytes: zCount,
  reasons: z.array(reasonSchema).max(MAX_REASONS),
  trial: trialSchema,
  engines: z.array(engineSchema).max(8),
});

/** What a security node signs of a model: docs/protocol/security.md. Only what passed a trial is cleared. */
export type Attestation = z.infer<typeof attestationSchema>;

/** An attestation and its authority's signature, as it is passed on. */
export const sealedAttestationSchema = z.strictObject({
  authority: text(128),
  sealed: zBytesUpTo(MAX_ATTESTATION_BYTES),
});
export type SealedAttestation = z.infer<typeof sealedAttestationSchema>;

/** How the trial may have ended for each verdict. */
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

export const sealAttestation = (attestation: Attestation, key: SigningKey): SealedAttestation => ({
  authority: attestation.authority,
  sealed: sealSigned(PURPOSE, attestation, key),
});

/** Throws SIGNATURE_INVALID and the errors of decoding; also when it is signed for another's peer id. */
export function openAttestation({ authority, sealed }: SealedAttestation): Attestation {
  const attestation = openSigned(
    PURPOSE,
    provenSchema,
    sealed,
    publicKeyOf(authority),
    MAX_ATTESTATION_BYTES,
  );
  if (attestation.authority !== authority)
    throw new BitorchError('SCHEMA_INVALID', 'the authority of an attestation is not its signer');
  return attestation;
}
