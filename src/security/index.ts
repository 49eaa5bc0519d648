export {
  type Attestation,
  AttestationExchange,
  Clearance,
  MAX_ASKED,
  type ModelState,
  type Reason,
  type SealedAttestation,
  sealAttestation,
  type Trust,
  type Unproven,
} from './clearance/index.ts';
export { type ConvertOptions, convertCheckpoint } from './convert/convert.ts';
export { type ConvertFileOptions, convertFile } from './convert/convert-file.ts';
export {
  contradictions,
  DocumentExchange,
  fetchDocument,
  openReport,
  ReportStore,
} from './documents/index.ts';
export { ClamAv, type Engine, type EngineFile, type EngineResult, Yara } from './engines/index.ts';
export { ExaminationCache } from './examination-cache.ts';
export { type Examination, type Examined, type ExamineOptions, examine } from './examine.ts';
export {
  decodeReport,
  encodeReport,
  type FileReport,
  type Finding,
  type Report,
  refuses,
  reportHash,
  SCANNER_VERSION,
  SEVERITIES,
  type Severity,
} from './report.ts';
export { RULE_IDS, type RuleId } from './rule-ids.ts';
export { builtInRuleset, RULESET_AUTHORITIES } from './ruleset/built-in.ts';
export { type Affected, affectedBy } from './ruleset/changes.ts';
export { currentRuleset, installRuleset } from './ruleset/installed.ts';
export { loadRuleset } from './ruleset/load-ruleset.ts';
export {
  answerWithRuleset,
  askForRuleset,
  fetchRuleset,
  newerRuleset,
  type RulesetOffer,
} from './ruleset/offers.ts';
export {
  openRuleset,
  parseRulesetFields,
  type Rule,
  type Ruleset,
  type RulesetFields,
  rulesetId,
  signRuleset,
} from './ruleset/ruleset.ts';
export { WatchedRuleset } from './ruleset/watched.ts';
export {
  type Availability,
  type Limits,
  runInSandbox,
  type SandboxCommand,
  type SandboxOutcome,
  sandboxAvailability,
  type Usage,
} from './sandbox/index.ts';
export { type ScanOptions, scan } from './scan.ts';
export { runTrial, type Trial, type TrialFault } from './trial/trial.ts';
