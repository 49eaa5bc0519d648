import { join } from 'node:path';
import { fromHex, type Logger, messageOf, type OnProgress } from '#base';
import type { SigningKey } from '#crypto';
import type { Host } from '#network';
import {
  type Availability,
  answerWithRuleset,
  DocumentExchange,
  ReportStore,
  sandboxAvailability,
  WatchedRuleset,
} from '#security';
import type { ReportView, SecurityView } from '../api/node-api.ts';
import type { Library, Model } from '../models/library.ts';
import type { NodeOptions } from '../options.ts';
import type { Directory } from '../peers/directory.ts';
import { Examiner } from './examiner.ts';
import type { ModelGuard } from './model-guard.ts';
import { ReportChecker } from './report-checker.ts';
import { RulesetUpdates } from './ruleset-updates.ts';
import { reportView, securityView } from './security-view.ts';

/** The options of a node that concern its security. */
export type SecuritySettings = Pick<
  NodeOptions,
  'home' | 'roles' | 'model' | 'rulesetKeys' | 'rulesetUpdates' | 'clamd' | 'examinationBytes'
>;

export interface SecurityDependencies {
  readonly host: Host;
  readonly key: SigningKey;
  readonly guard: ModelGuard;
  readonly directory: Directory;
  readonly library: Library;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  /** The model with this manifest id, from this node or another. */
  readonly obtain: (id: string, signal?: AbortSignal) => Promise<Model>;
  /** Ends whatever this node runs of a model for others. */
  readonly stopRunning: (id: string) => Promise<void>;
}

interface SecurityParts {
  readonly reports: ReportStore;
  readonly checks: ReportChecker;
  /** On nodes that examine models or install newer rules by themselves. */
  readonly updates: RulesetUpdates | undefined;
  /** With the role "security". */
  readonly examining: { readonly examiner: Examiner; readonly sandbox: Availability } | undefined;
}

/** What a node does for security beside guarding: it checks reports of others and, with the role "security", examines models. */
export class SecurityService {
  readonly #dependencies: SecurityDependencies;
  readonly #parts: SecurityParts;

  private constructor(parts: SecurityParts, dependencies: SecurityDependencies) {
    this.#parts = parts;
    this.#dependencies = dependencies;
  }

  /** Begins to answer others and, with the role "security", to examine. */
  static async start(
    options: SecuritySettings,
    dependencies: SecurityDependencies,
  ): Promise<SecurityService> {
    const { home, rulesetKeys, rulesetUpdates, roles } = options;
    const { guard } = dependencies;
    const rules = await WatchedRuleset.open(home, rulesetKeys.map(fromHex));
    const reports = new ReportStore(join(home, 'security', 'reports'));
    const checks = new ReportChecker({ ...dependencies, reports });
    guard.clearance.onChange((id) => onNews(id, dependencies));
    await serveDocuments({ roles, reports, rules }, dependencies);
    checks.start();
    const automatic = rulesetUpdates === 'auto';
    const isInterested = automatic || roles.includes('security');
    const updates = isInterested
      ? new RulesetUpdates({ home, automatic }, { ...dependencies, rules })
      : undefined;
    updates?.start();
    const examining = roles.includes('security')
      ? await startExamining(options, { ...dependencies, reports, rules })
      : undefined;
    return new SecurityService({ reports, checks, updates, examining }, dependencies);
  }

  async stop(): Promise<void> {
    const { examining, updates, checks } = this.#parts;
    await examining?.examiner.stop();
    await updates?.stop();
    await checks.stop();
  }

  /** The whole report with this hash (hexadecimal), if it is here. */
  async report(hash: string): Promise<ReportView | undefined> {
    const report = await this.#parts.reports.find(fromHex(hash));
    return report && reportView(hash, report);
  }

  view(): SecurityView {
    const { directory, library, guard } = this.#dependencies;
    const { checks, updates, examining } = this.#parts;
    return securityView({
      guard,
      directory,
      library,
      examining: examining?.examiner,
      sandbox: examining?.sandbox,
      checks,
      updates,
    });
  }
}

/** Serves reports and rulesets to whoever asks. */
async function serveDocuments(
  {
    roles,
    reports,
    rules,
  }: Pick<SecuritySettings, 'roles'> & { reports: ReportStore; rules: WatchedRuleset },
  { host }: SecurityDependencies,
): Promise<void> {
  const report = (hash: Uint8Array) => reports.bytes(hash);
  await new DocumentExchange({ report, ruleset: (id) => rules.file(id) }, { host }).start();
  await answerWithRuleset(host, async () => {
    // Nodes that examine look for newer rules all the time, and report what is wrong with them.
    if (!roles.includes('security')) await rules.refresh().catch(() => undefined);
    return rules.current;
  });
}

async function startExamining(
  { home, clamd, examinationBytes, model, roles }: SecuritySettings,
  dependencies: SecurityDependencies & { reports: ReportStore; rules: WatchedRuleset },
): Promise<{ examiner: Examiner; sandbox: Availability }> {
  const { host, log, rules } = dependencies;
  const sandbox = await sandboxAvailability();
  if (!sandbox.available) log.warn({ reason: sandbox.reason }, 'models are scanned, but not run');
  const examiner = new Examiner(
    { home, clamd, rules, room: examinationBytes, proves: sandbox.available },
    {
      ...dependencies,
      selfId: host.id,
      // Other roles keep models of their own.
      isUsed: (id) => id === model || roles.includes('run') || roles.includes('client'),
    },
  );
  await examiner.start();
  return { examiner, sandbox };
}

/** News about a model's safety: opens or closes its swarm, and stops running what is bad. */
function onNews(id: string, { guard, directory, library, log, stopRunning }: SecurityDependencies): void {
  library.review(id);
  directory.changed();
  if (!guard.isQuarantined(id)) return;
  stopRunning(id).catch((error: unknown) => {
    log.error({ model: id, error: messageOf(error) }, 'quarantined model was not stopped cleanly');
  });
}
