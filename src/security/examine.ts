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
import { runTrial, type Trial, type TrialFault } from './trial/trial.ts';

export interface Examined {
  readonly manifest: Manifest;
  /** The manifest's files and the folder that contains them, verified. */
  readonly files: readonly ModelFile[];
  readonly directory: string;
}

export interface ExamineOptions {
  readonly ruleset: Ruleset;
  readonly engines: readonly Engine[];
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

/** The result of an examination: an attestation without signer, manifest and time. */
export type Examination = Omit<Attestation, 'format' | 'authority' | 'manifest' | 'time'>;

/**
 * Runs all checks of a security node on a model: the built-in scanner, the available engines, a comparison of the
 * manifest with its files, and, if none of these objects, a trial in the sandbox. A suspicious model is never run. A
 * model that could not be run for lack of a sandbox is `unproven` and therefore not cleared. Throws SANDBOX_FAILED
 * when the sandbox itself fails, and what scan() throws.
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
  const mismatches = mismatchedFiles(report, manifest);
  // Only files that are clean and match the manifest are read again.
  if (report.verdict === 'clean' && mismatches.length === 0)
    mismatches.push(...(await mismatchedDescription(manifest, files)));
  const suspicions = [...scannerReasons(report, ruleset), ...mismatches, ...results.flatMap(engineReasons)];
  const refused =
    report.verdict === 'refused' || mismatches.length > 0 || results.some(({ state }) => state === 'found');
  const trial = refused
    ? undefined
    : await runTrialIfPossible({ manifest, directory }, { onProgress, signal });
  const faults = trial?.faults ?? [];
  const reasons = [...suspicions, ...faults.map(trialReason)].sort(worstFirst);
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

type TrialAttempt = Pick<Trial, 'faults' | 'usage'> | { faults: readonly []; unavailable: string };

/** Only a missing sandbox makes a trial unavailable; nothing that a model does can. */
async function runTrialIfPossible(
  model: { manifest: Manifest; directory: string },
  options: { onProgress: OnProgress; signal: AbortSignal },
): Promise<TrialAttempt> {
  try {
    return await runTrial(model, options);
  } catch (error) {
    if (codeOf(error) !== 'SANDBOX_UNAVAILABLE') throw error;
    return { faults: [], unavailable: messageOf(error) };
  }
}

function trialSummary(trial: TrialAttempt | undefined): Attestation['trial'] {
  const none = { timeMs: 0, peakMemoryBytes: 0, processes: 0, sockets: 0 };
  if (!trial) return { state: 'omitted', note: 'Not run: the earlier findings rule it out.', ...none };
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
  fix: 'Do not load it. The publisher must publish the files again.',
  ...reason,
});

/** A torrent's SHA-1 does not bind the publisher to one content, so the files must match the signed SHA-256 hashes. */
function mismatchedFiles(report: Report, manifest: Manifest): Reason[] {
  const signed = new Map(manifest.files.map((file) => [file.path, file]));
  return report.files
    .filter(
      ({ path, size, sha256 }) =>
        size !== signed.get(path)?.size || !equalBytes(sha256, signed.get(path)!.sha256),
    )
    .map(({ path }) =>
      manifestReason({
        rule: 'FILE_HASH_MISMATCH',
        title: 'The file differs from the one that the publisher signed',
        why: 'The file in the torrent has another hash than the manifest states, so two people may get different files.',
        file: path,
        place: '',
        detail: '',
      }),
    );
}

/** Nodes use the manifest without looking into the files, so it must describe them exactly. */
async function mismatchedDescription(manifest: Manifest, files: readonly ModelFile[]): Promise<Reason[]> {
  const why =
    'Nodes take the template, the tokenizer, and the shapes and places of weights from the manifest. Where it differs from the files, nodes would use data that nobody has scanned.';
  const differs = (place: string, detail: string) =>
    manifestReason({
      rule: 'MANIFEST_MISMATCH',
      title: 'The manifest does not match its files',
      why,
      file: '',
      place,
      detail,
    });
  try {
    const { description } = await describeForManifest(files);
    return differencesFrom(manifest, description).map((part) =>
      differs(part, `the ${part} in the manifest differs from that of the files`),
    );
  } catch (error) {
    if (!(error instanceof BitorchError) || !FILE_ERRORS.test(error.code)) throw error;
    return [differs('', messageOf(error).slice(0, 1024))];
  }
}

/** Error codes of describing a model that point to its files. */
const FILE_ERRORS = /^(FORMAT_|SCHEMA_|TENSORS_|MODEL_NOT_FOUND$|TOKENIZER_)/;

/** Only findings that refuse the model; minor ones are in the report. */
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
    title: `${engine} detects this as malicious`,
    why: 'A third-party scanner found a signature of malicious software in the file.',
    fix: 'Do not load the file. If you created it, scan the machine on which it was created.',
    file: path,
    place: '',
    detail: name,
  }));

const TRIAL_TITLES: Readonly<Record<TrialFault['code'], string>> = {
  TRIAL_FORBIDDEN_CALL: 'It tried to reach outside the sandbox',
  TRIAL_RESOURCES: 'It exceeds the resources allowed for a model of its size',
  TRIAL_CRASHED: 'It crashed the program that ran it',
  TRIAL_REFUSED: 'It cannot be run',
  TRIAL_OUTPUT: 'Its output is meaningless',
  GOLDEN_MISMATCH: 'It does not compute what its manifest states',
};

const trialReason = ({ code, message }: TrialFault): Reason => ({
  source: 'trial',
  rule: code,
  severity: code === 'TRIAL_FORBIDDEN_CALL' ? 'critical' : 'high',
  title: TRIAL_TITLES[code],
  why: 'Every model is run once in a sandbox with fixed prompts before it is distributed.',
  fix: 'Check the files against their source, convert them again with a current tool, and publish again.',
  file: '',
  place: '',
  detail: message.slice(0, 1024),
});

const worstFirst = (a: Reason, b: Reason): number =>
  SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
