export { type Attestation, type SealedAttestation, sealAttestation } from './attestation.ts';
export { Clearance, type Trust, type Unproven } from './clearance.ts';
export { MAX_ASKED } from './constants.ts';
export { AttestationExchange } from './exchange.ts';
