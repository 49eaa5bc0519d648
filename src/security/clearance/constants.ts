export const ATTESTATION_TOPIC = '/bitorch/security/attestation/1';
export const ATTESTATIONS_PROTOCOL = '/bitorch/security/attestations/1';

export const MAX_ATTESTATION_BYTES = 128 << 10;
/** Reasons listed in an attestation, worst first; the report has all findings. */
export const MAX_REASONS = 32;
/** Manifests per request. */
export const MAX_ASKED = 16;
/** Attestations of one manifest that are stored and passed on: one per authority. */
export const MAX_AUTHORITIES = 32;
/** Tolerated difference of clocks. */
export const CLOCK_SKEW_MS = 120_000;
