/** The scanner for people and CI: works alone, without a node. */
export {
  convertFile,
  currentRuleset,
  type Report,
  type Ruleset,
  refuses,
  reportHash,
  type Severity,
  scan,
} from '#security';
export { loadRuleset } from './load-ruleset.ts';
export { type OpenFiles, openFiles } from './open-files.ts';
export { scanTarget } from './scan-target.ts';
export { expandTarget } from './targets.ts';
export { updateRuleset } from './update-ruleset.ts';
