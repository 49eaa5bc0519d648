export const ATTESTATION_TOPIC = '/bitorch/security/attestation/1';
export const ATTESTATIONS_PROTOCOL = '/bitorch/security/attestations/1';

export const MAX_ATTESTATION_BYTES = 128 << 10;
/** Findings that an attestation lists, from the worst; the report has them all. */
export const MAX_REASONS = 32;
/** Manifests that may be asked for at a time. */
export const MAX_ASKED = 16;
/** Attestations of one manifest that are kept and passed on: one of each authority. */
export const MAX_AUTHORITIES = 32;
/** Clocks may differ by this much. */
export const CLOCK_SKEW_MS = 120_000;
