import { join } from 'node:path';
import { BitorchError, codeOf, equalBytes, messageOf, type OnProgress } from '#base';
import type { Manifest } from '#distribution';
import { describeForManifest, differencesFrom } from '#execution';
import type { ModelFile } from '#formats';
import type { Reason } from './clearance/attestation.ts';
import { MAX_REASONS } from './clearance/constants.ts';
import type { Attestation } from './clearance/index.ts';
import type { Engine, EngineResult } from './engines/index.ts';
import { type Report, refuses, reportHash, SEVERITIES } from './report.ts';
import type { Ruleset } from './ruleset/ruleset.ts';
import { scan } from './scan.ts';
import { type Trial, type TrialFault, tryInSandbox } from './trial/trial.ts';

export interface Examined {
  readonly manifest: Manifest;
  /** The manifest's files as they can be read, and the folder that they lie in, verified. */
  readonly files: readonly ModelFile[];
  readonly directory: string;
}

export interface ExamineOptions {
  readonly ruleset: Ruleset;
  readonly engines: readonly Engine[];
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

/** What an examination says: all of an attestation but who signs it, about which manifest, and when. */
export type Examination = Omit<Attestation, 'format' | 'authority' | 'manifest' | 'time'>;

/**
 * All that a security node does with a model: our scanner, the engines that are there, the manifest held against its
 * files, and, for what all of these let pass, a run in the sandbox. What is found suspicious is never run; what could not
 * be run for lack of a sandbox is not proven, and so not cleared. Throws SANDBOX_FAILED when the sandbox breaks by itself.
 */
export async function examine(
  { manifest, files, directory }: Examined,
  { ruleset, engines, onProgress, signal }: ExamineOptions,
): Promise<{ examination: Examination; report: Report }> {
  const located = manifest.files.map(({ path }) => ({ path, location: join(directory, path) }));
  const report = await scan(files, ruleset, { onProgress, signal });
  const results: EngineResult[] = [];
  for (const engine of engines) {
    onProgress({
      step: `scanning with ${engine.name}`,
      done: results.length,
      total: engines.length,
      unit: 'files',
    });
    results.push(await engine.check(located, signal));
  }
  const lies = otherFiles(report, manifest);
  // Only files that are sound and the publisher's are read again.
  if (report.verdict === 'clean' && lies.length === 0)
    lies.push(...(await otherDescription(manifest, files)));
  const suspicions = [...scannerReasons(report, ruleset), ...lies, ...results.flatMap(engineReasons)];
  const refused =
    report.verdict === 'refused' || lies.length > 0 || results.some(({ state }) => state === 'found');
  const trial = refused ? undefined : await tryOrExplain({ manifest, directory }, { onProgress, signal });
  const faults = trial?.faults ?? [];
  const reasons = [...suspicions, ...faults.map(trialReason)].sort(fromTheWorst);
  const isProven = trial !== undefined && !('unavailable' in trial);
  const examination: Examination = {
    name: manifest.name,
    verdict: refused || faults.length > 0 ? 'quarantined' : isProven ? 'cleared' : 'unproven',
    report: reportHash(report),
    ruleset: { id: ruleset.id, name: ruleset.name, version: ruleset.version },
    scanner: report.scanner,
    files: report.files.length,
    bytes: report.files.reduce((sum, { size }) => sum + size, 0),
    reasons: reasons.slice(0, MAX_REASONS),
    trial: trialSummary(trial),
    engines: results.map(({ engine, state, version, note }) => ({ name: engine, state, version, note })),
  };
  return { examination, report };
}

type Attempt = Pick<Trial, 'faults' | 'usage'> | { faults: readonly []; unavailable: string };

/** Only a sandbox that this machine does not have makes a trial unavailable: nothing that a model does. */
async function tryOrExplain(
  model: { manifest: Manifest; directory: string },
  options: { onProgress: OnProgress; signal: AbortSignal },
): Promise<Attempt> {
  try {
    return await tryInSandbox(model, options);
  } catch (error) {
    if (codeOf(error) !== 'SANDBOX_UNAVAILABLE') throw error;
    return { faults: [], unavailable: messageOf(error) };
  }
}

function trialSummary(trial: Attempt | undefined): Attestation['trial'] {
  const none = { timeMs: 0, peakMemoryBytes: 0, processes: 0, sockets: 0 };
  if (!trial) return { state: 'omitted', note: 'It was not run: what was found forbids it.', ...none };
  if ('unavailable' in trial) return { state: 'unavailable', note: trial.unavailable.slice(0, 600), ...none };
  const { timeMs, peakMemoryBytes, processes, sockets } = trial.usage;
  const usage = { timeMs: Math.round(timeMs), peakMemoryBytes, processes, sockets };
  const [fault] = trial.faults;
  return { state: fault ? 'failed' : 'passed', note: fault?.message.slice(0, 600) ?? '', ...usage };
}

const manifestReason = (
  reason: Pick<Reason, 'rule' | 'title' | 'why' | 'file' | 'place' | 'detail'>,
): Reason => ({
  source: 'manifest',
  severity: 'critical',
  fix: 'Do not load it. The publisher has to publish the files again.',
  ...reason,
});

/** A torrent's SHA-1 alone does not bind a publisher to one content: the files must be those that were signed. */
function otherFiles(report: Report, manifest: Manifest): Reason[] {
  const signed = new Map(manifest.files.map((file) => [file.path, file]));
  return report.files
    .filter(
      ({ path, size, sha256 }) =>
        size !== signed.get(path)?.size || !equalBytes(sha256, signed.get(path)!.sha256),
    )
    .map(({ path }) =>
      manifestReason({
        rule: 'FILE_HASH_MISMATCH',
        title: 'Not the file that its publisher signed',
        why: 'What the torrent gives has another hash than the manifest names, so two people may get different files.',
        file: path,
        place: '',
        detail: '',
      }),
    );
}

/** Nodes go by the manifest and do not look into the files: it must say what the files say, word by word. */
async function otherDescription(manifest: Manifest, files: readonly ModelFile[]): Promise<Reason[]> {
  const why =
    'Nodes take template, tokenizer, shapes and places of weights from the manifest. A publisher can sign others than those in the files, which nobody has scanned.';
  const differs = (place: string, detail: string) =>
    manifestReason({
      rule: 'MANIFEST_MISMATCH',
      title: 'The manifest is not what its files say',
      why,
      file: '',
      place,
      detail,
    });
  try {
    const { description } = await describeForManifest(files);
    return differencesFrom(manifest, description).map((part) =>
      differs(part, `the ${part} of the manifest is not that of the files`),
    );
  } catch (error) {
    if (!(error instanceof BitorchError) || !IS_ABOUT_FILES.test(error.code)) throw error;
    return [differs('', messageOf(error).slice(0, 1024))];
  }
}

/** Errors of describing a model: they tell what is wrong with its files. */
const IS_ABOUT_FILES = /^(FORMAT_|SCHEMA_|TENSORS_|MODEL_NOT_FOUND$|TOKENIZER_)/;

/** Only what refuses the model: notes of little weight are in the report. */
const scannerReasons = (report: Report, ruleset: Ruleset): Reason[] =>
  report.files.flatMap(({ path, findings }) =>
    findings.filter(refuses).map(({ rule, severity, place, detail }) => {
      const { title, why, fix } = ruleset.rules[rule];
      return { source: 'scanner', rule, severity, title, why, fix, file: path, place, detail };
    }),
  );

const engineReasons = ({ engine, hits }: EngineResult): Reason[] =>
  hits.map(({ path, name }) => ({
    source: engine,
    rule: name.slice(0, 64),
    severity: 'critical',
    title: `${engine} knows this as malicious`,
    why: 'A scanner that is not ours found a signature of malicious software in the file.',
    fix: 'Do not load the file. If you made it, scan the machine that it was made on.',
    file: path,
    place: '',
    detail: name,
  }));

const TRIAL_TITLES: Readonly<Record<TrialFault['code'], string>> = {
  TRIAL_FORBIDDEN_CALL: 'It reached out of the sandbox',
  TRIAL_RESOURCES: 'It takes more than a model of its size may',
  TRIAL_CRASHED: 'It brought down the program that ran it',
  TRIAL_REFUSED: 'It cannot be run',
  TRIAL_OUTPUT: 'Its answers are empty of meaning',
  GOLDEN_MISMATCH: 'It computes something else than its manifest says',
};

const trialReason = ({ code, message }: TrialFault): Reason => ({
  source: 'trial',
  rule: code,
  severity: code === 'TRIAL_FORBIDDEN_CALL' ? 'critical' : 'high',
  title: TRIAL_TITLES[code],
  why: 'Every model is loaded and run once in a sandbox before it may spread, with fixed prompts.',
  fix: 'Check the files against their source, convert them again with a current tool, and publish again.',
  file: '',
  place: '',
  detail: message.slice(0, 1024),
});

const fromTheWorst = (a: Reason, b: Reason): number =>
  SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
