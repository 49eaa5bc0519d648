export {
  type Attestation,
  AttestationExchange,
  Clearance,
  MAX_ASKED,
  type SealedAttestation,
  sealAttestation,
  type Trust,
  type Unproven,
} from './clearance/index.ts';
export { convertCheckpoint } from './convert/convert.ts';
export { convertFile } from './convert/convert-file.ts';
export {
  contradictions,
  DocumentExchange,
  fetchDocument,
  openReport,
  ReportStore,
} from './documents/index.ts';
export { ClamAv, type Engine, Yara } from './engines/index.ts';
export { ExaminationCache } from './examination-cache.ts';
export { type Examination, examine } from './examine.ts';
export {
  decodeReport,
  encodeReport,
  type FileReport,
  type Finding,
  type Report,
  reportHash,
  SCANNER_VERSION,
  type Severity,
} from './report.ts';
export { builtInRuleset, RULESET_AUTHORITIES } from './ruleset/built-in.ts';
export { affectedBy } from './ruleset/changes.ts';
export { currentRuleset, installRuleset } from './ruleset/installed.ts';
export { loadRuleset } from './ruleset/load-ruleset.ts';
export { answerWithRuleset, askForRuleset, fetchRuleset, newerRuleset } from './ruleset/offers.ts';
export {
  openRuleset,
  parseRulesetFields,
  type Ruleset,
  type RulesetFields,
  signRuleset,
} from './ruleset/ruleset.ts';
export { WatchedRuleset } from './ruleset/watched.ts';
export { type Availability, sandboxAvailability } from './sandbox/index.ts';
export { scan } from './scan.ts';
export { runTrial } from './trial/trial.ts';
