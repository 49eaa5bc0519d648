import { cleanFields, toHex } from '#base';
import type { Attestation, Availability, Report } from '#security';
import type { AttestationView, ReportView, SafetyView, SecurityView } from '../api/node-api.ts';
import type { Library } from '../models/library.ts';
import type { Directory, KnownNode } from '../peers/directory.ts';
import { idOfHolding } from '../peers/holdings.ts';
import type { Examiner } from './examiner.ts';
import type { ModelGuard } from './model-guard.ts';
import type { ReportChecker } from './report-checker.ts';
import type { RulesetUpdates } from './ruleset-updates.ts';

const MAX_ADVISORIES = 500;
const byName = new Intl.Collator('en');
/** Models shown that were only announced. */
const MAX_ANNOUNCED = 100;

interface ViewDependencies {
  readonly guard: ModelGuard;
  readonly directory: Directory;
  readonly library: Library;
  readonly examining: Examiner | undefined;
  /** Of this machine; only security nodes look. */
  readonly sandbox: Availability | undefined;
  readonly checks: ReportChecker;
  readonly updates: RulesetUpdates | undefined;
}

/** The models' safety as this node knows it, as plain JSON. */
export function securityView({
  guard,
  directory,
  library,
  examining,
  sandbox,
  checks,
  updates,
}: ViewDependencies): SecurityView {
  const { clearance } = guard;
  const holders = holdersByManifest(directory.nodes());
  const served = [...library.all().map(({ id }) => id), ...clearance.manifests()];
  const ids = new Set([...served, ...mostHeld(holders)]);
  const models = [...ids].map((id): SafetyView => {
    const attestations = clearance.about(id);
    return {
      modelId: id,
      name: library.find(id)?.manifest.name ?? nameIn(attestations) ?? `${id.slice(0, 12)}…`,
      state: clearance.stateOf(id),
      holders: holders.get(id) ?? 0,
      attestations: attestations.map((attestation) => attestationView(attestation, directory, checks)),
    };
  });
  return {
    trust:
      clearance.trust === 'none'
        ? 'none'
        : clearance.trust.map((id) => ({
            nodeId: id,
            name: directory.nameOf(id),
            online: directory.find(id)?.reachable ?? false,
          })),
    models: models.sort((a, b) => byName.compare(a.name, b.name) || (a.modelId < b.modelId ? -1 : 1)),
    ...(examining && { examiner: examinerView({ examining, sandbox, updates, directory }) }),
  };
}

/** By manifest id, how many reachable nodes hold a part of it. */
function holdersByManifest(nodes: readonly KnownNode[]): Map<string, number> {
  const holders = new Map<string, number>();
  for (const { holdings, reachable } of nodes) {
    if (!reachable) continue;
    for (const holding of holdings) {
      const id = idOfHolding(holding);
      holders.set(id, (holders.get(id) ?? 0) + 1);
    }
  }
  return holders;
}

/** Of what nobody has served or vouched for here, anybody can announce any number: those with the most holders are shown. */
const mostHeld = (holders: ReadonlyMap<string, number>): string[] =>
  [...holders]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MAX_ANNOUNCED)
    .map(([id]) => id);

const nameIn = ([first]: readonly Attestation[]): string | undefined => first && cleaned(first).name;

const cleanedAttestations = new WeakMap<Attestation, Attestation>();

/** The texts of a security node fit to be shown; made once for each attestation. */
function cleaned(attestation: Attestation): Attestation {
  const clean = cleanedAttestations.get(attestation) ?? cleanFields(attestation);
  cleanedAttestations.set(attestation, clean);
  return clean;
}

function attestationView(
  attestation: Attestation,
  directory: Directory,
  checks: ReportChecker,
): AttestationView {
  const { state, problems } = checks.of(attestation);
  const { authority, verdict, time, report, ruleset, files, bytes, reasons, trial, engines } =
    cleaned(attestation);
  return {
    authority: { nodeId: authority, name: directory.nameOf(authority) },
    verdict,
    time,
    report: toHex(report),
    ruleset: { name: ruleset.name, version: ruleset.version },
    files,
    bytes,
    findings: [...reasons],
    trial,
    engines: [...engines],
    check: { state, problems: [...problems] },
  };
}

/** `hash`: the report's, hexadecimal. */
export const reportView = (hash: string, { scanner, ruleset, verdict, files }: Report): ReportView => ({
  hash,
  scanner,
  ruleset: toHex(ruleset),
  verdict,
  files: files.map((file) => cleanFields({ ...file, sha256: toHex(file.sha256) })),
});

function examinerView({
  examining,
  sandbox,
  updates,
  directory,
}: Pick<ViewDependencies, 'sandbox' | 'updates' | 'directory'> & {
  readonly examining: Examiner;
}): NonNullable<SecurityView['examiner']> {
  const { name, version, id, advisories } = examining.ruleset;
  const { rescan } = examining;
  const newer = updates?.newer;
  return {
    ruleset: { name, version, id: toHex(id) },
    ...(newer && {
      newer: {
        name: newer.name,
        version: newer.version,
        nodeId: newer.from,
        from: directory.nameOf(newer.from),
      },
    }),
    ...(rescan && { rescan }),
    sandbox: {
      available: sandbox?.available ?? false,
      note: sandbox ? noteOf(sandbox) : '',
    },
    queue: examining.queue().map(({ id: modelId, step, use: { running, holders }, ...entry }) => ({
      modelId,
      ...entry,
      running,
      holders,
      ...(step && { step: { name: step.step, done: step.done, total: step.total, unit: step.unit } }),
    })),
    advisories: advisories.slice(0, MAX_ADVISORIES).map(({ sha256, name: what }) => ({ sha256, name: what })),
  };
}

function noteOf(sandbox: Availability): string {
  if (!sandbox.available) return sandbox.reason;
  if (sandbox.memoryBy !== 'watch')
    return `The kernel enforces its limits of memory and processes (${sandbox.memoryBy}).`;
  return (
    'Its memory is polled many times a second, so it may briefly exceed its limit. If the node may create control ' +
    'groups (as root, or started with systemd-run --user --scope), the kernel enforces the limit.'
  );
}
