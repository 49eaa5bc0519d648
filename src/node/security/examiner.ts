import { join } from 'node:path';
import {
  BitorchError,
  codeOf,
  fromHex,
  type Logger,
  messageOf,
  type OnProgress,
  type Progress,
  toHex,
} from '#base';
import type { SigningKey } from '#crypto';
import { FilePool } from '#formats';
import {
  ClamAv,
  type Engine,
  type Examination,
  ExaminationCache,
  examine,
  type ReportStore,
  type Ruleset,
  sealAttestation,
  type WatchedRuleset,
  Yara,
} from '#security';
import { demandVerified, type Library, type Model } from '../models/library.ts';
import { byUse, hostOf, inTurns, type ModelUse, usesOf } from '../models/model-use.ts';
import type { Directory } from '../peers/directory.ts';
import { fitIntoQuota } from './disk-quota.ts';
import { fetchWhole } from './examination-fetch.ts';
import { FairWorkers, type Lane } from './fair-workers.ts';
import type { ModelGuard } from './model-guard.ts';
import { type Rescan, RulesetReview } from './ruleset-review.ts';

/** Models listed that one address alone announces: anybody can announce a hundred thousand, and they come in turns anyway. */
const LISTED_OF_ADDRESS = 256;
/** Models that are fetched side by side, and how long a fetch may take while others wait. */
const LANES = { lanes: 16, turnMs: 600_000 };

export interface ExamineOptions {
  readonly home: string;
  readonly rules: WatchedRuleset;
  readonly clamd: string | undefined;
  /** Bytes on disk that models which were fetched to be examined may take. */
  readonly room: number;
  /** Whether there is a sandbox now: what was not proven for lack of one is examined again. */
  readonly proves: boolean;
}

export interface ExamineDependencies {
  /** This node's peer id, and the key that it is made of. */
  readonly selfId: string;
  readonly key: SigningKey;
  readonly guard: ModelGuard;
  readonly directory: Directory;
  readonly library: Library;
  readonly reports: ReportStore;
  readonly obtain: (id: string, signal?: AbortSignal) => Promise<Model>;
  /** Whether this node keeps a model for another reason than to examine it. */
  readonly isUsed: (id: string) => boolean;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** One model of the queue. */
export interface QueueEntry {
  readonly id: string;
  readonly name: string;
  readonly use: ModelUse;
  readonly reason: 'new' | 'new rules' | 'failed before';
  readonly step?: Progress;
  readonly problem?: string;
  /** What of the new rules is about it. */
  readonly affected?: string;
}

/** The role "security": examines every model on the network, most used first, and signs attestations. */
export class Examiner {
  readonly #dependencies: ExamineDependencies;
  readonly #rules: WatchedRuleset;
  readonly #engines: readonly Engine[];
  readonly #cache: ExaminationCache;
  readonly #review: RulesetReview;
  readonly #room: number;
  readonly #workers: FairWorkers;
  readonly #steps = new Map<string, Progress>();
  /** Publishers of the models in the queue, where the manifest is known. */
  readonly #publishers = new Map<string, string>();
  /** Addresses that announce the models in the queue. */
  #origins: ReadonlyMap<string, readonly string[]> = new Map();
  /** Models that are fetched are scanned and run one after the other. */
  #examined: Promise<unknown> = Promise.resolve();
  #running: Promise<void> = Promise.resolve();

  constructor(options: ExamineOptions, dependencies: ExamineDependencies) {
    this.#rules = options.rules;
    this.#room = options.room;
    this.#dependencies = dependencies;
    this.#engines = [new ClamAv(options.clamd === undefined ? {} : { address: options.clamd }), new Yara()];
    this.#cache = new ExaminationCache(join(options.home, 'security', 'examinations'));
    this.#review = new RulesetReview({ ...dependencies, rules: options.rules, proves: options.proves });
    this.#workers = new FairWorkers(LANES, {
      waiting: () => this.#waiting(),
      ownerOf: (id) => ({ origins: this.#origins.get(id) ?? [], identity: this.#publishers.get(id) }),
      work: (id, lane) => this.#examine(id, lane),
      problemOf: (error, id) => this.#problemOf(error, id),
      refresh: () => this.#refreshRules(),
      signal: dependencies.signal,
    });
  }

  async start(): Promise<void> {
    await this.#review.decide();
    this.#running = this.#workers.run();
  }

  /** Resolves when the examinations that are under way have ended. */
  stop(): Promise<void> {
    return this.#running;
  }

  /** The rules that models are examined by now. */
  get ruleset(): Ruleset {
    return this.#rules.current;
  }

  /** What became of the models that were examined by older rules. */
  get rescan(): Rescan | undefined {
    return this.#review.progress();
  }

  /** What is to be examined, the next one first: what is under way, then what is used most. */
  queue(): QueueEntry[] {
    /** Number of entries by address. */
    const listed = new Map<string, number>();
    const entries: QueueEntry[] = [];
    for (const [id, use] of usesOf(this.#dependencies)) {
      const entry = this.#entryOf(id, use);
      if (!entry) continue;
      const [origin = ''] = use.origins;
      const count = listed.get(origin) ?? 0;
      if (count >= LISTED_OF_ADDRESS && isUnused(entry)) continue;
      listed.set(origin, count + 1);
      entries.push(entry);
    }
    return entries.sort(
      (a, b) =>
        Number(b.step !== undefined) - Number(a.step !== undefined) ||
        this.#failuresOf(a.id) - this.#failuresOf(b.id) ||
        byUse(a.use, b.use),
    );
  }

  #waiting(): string[] {
    const entries = inTurns(this.queue());
    this.#origins = new Map(entries.map(({ id, use }) => [id, use.origins]));
    for (const id of this.#publishers.keys()) if (!this.#origins.has(id)) this.#publishers.delete(id);
    return entries.map(({ id }) => id);
  }

  #failuresOf(id: string): number {
    return this.#workers.failureOf(id)?.times ?? 0;
  }

  #entryOf(id: string, use: ModelUse): QueueEntry | undefined {
    const { library } = this.#dependencies;
    const decision = this.#review.of(id);
    if (decision.state === 'examined' || decision.state === 'untouched') return undefined;
    const failure = this.#workers.failureOf(id);
    const step = this.#steps.get(id);
    const known = decision.state === 'touched';
    return {
      id,
      name: library.find(id)?.manifest.name ?? decision.name ?? id.slice(0, 12),
      use,
      reason: failure ? 'failed before' : known ? 'new rules' : 'new',
      ...(step && { step }),
      ...(failure && { problem: failure.problem }),
      ...(known && { affected: decision.why }),
    };
  }

  /** With new rules what they touch comes into the queue again. */
  async #refreshRules(): Promise<void> {
    try {
      await this.#rules.refresh();
      if (await this.#review.decide()) this.#workers.forgive();
    } catch (error) {
      this.#dependencies.log.warn({ error: messageOf(error) }, 'new rules are not used');
    }
  }

  async #examine(id: string, lane: Lane): Promise<void> {
    this.#steps.set(id, { step: 'fetching', done: 0, total: 0, unit: 'bytes' });
    try {
      const model = await this.#dependencies.obtain(id, lane.signal);
      await this.#identify(model);
      const known = await this.#cache.find(model.manifest, this.ruleset);
      if (!known) await this.#fetch(model, lane);
      lane.keep();
      await this.#attest(model, known ?? (await this.#inTurn(() => this.#examineFiles(model))));
    } finally {
      this.#steps.delete(id);
    }
  }

  /** The publisher is known now. Throws FETCH_PAUSED when it has more lanes than others that wait. */
  async #identify(model: Model): Promise<void> {
    this.#publishers.set(model.id, toHex(model.manifest.publisher));
    try {
      this.#workers.identify(model.id);
    } catch (error) {
      if (this.#isFetched(model)) await this.#dependencies.library.discard(model);
      throw error;
    }
  }

  #problemOf(error: unknown, id: string): string | undefined {
    const { log, signal } = this.#dependencies;
    if (signal.aborted || codeOf(error) === 'FETCH_PAUSED') return undefined;
    log.warn({ model: id, code: codeOf(error), error: messageOf(error) }, 'model could not be examined');
    return messageOf(error);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#examined.then(work);
    this.#examined = done.catch(() => undefined);
    return done;
  }

  async #examineFiles(model: Model): Promise<Examination> {
    const { signal, reports } = this.#dependencies;
    await demandVerified(model);
    signal.throwIfAborted();
    const { id, manifest, torrent } = model;
    const { directory } = torrent;
    const pool = new FilePool();
    try {
      const files = await pool.folder(
        directory,
        manifest.files.map(({ path }) => path),
      );
      const options = {
        ruleset: this.ruleset,
        engines: this.#engines,
        onProgress: this.#progressOf(id),
        signal,
      };
      const { examination, report } = await examine({ manifest, files, directory }, options);
      await reports.keep(report);
      await this.#cache.keep(manifest, examination);
      return examination;
    } finally {
      await pool.close();
    }
  }

  /** Fetches the files of a model. A model that nobody delivers is discarded. */
  async #fetch(model: Model, lane: Lane): Promise<void> {
    const { directory, library, selfId } = this.#dependencies;
    await this.#makeRoom(model);
    for (const node of directory.nodes()) {
      const holds = node.holdings.some(({ manifest }) => toHex(manifest) === model.id);
      const host = hostOf(node);
      if (holds && node.id !== selfId && host) model.torrent.addPeer(host, node.swarmPort);
    }
    const signal = AbortSignal.any([this.#dependencies.signal, lane.signal]);
    try {
      await fetchWhole(model.torrent, { onProgress: this.#progressOf(model.id), signal });
    } catch (error) {
      if (codeOf(error) === 'FETCH_STALLED' && this.#isFetched(model)) await library.discard(model);
      throw error;
    }
  }

  /** Makes room on disk. Throws ROOM_EXCEEDED. */
  async #makeRoom(model: Model): Promise<void> {
    const { library, guard } = this.#dependencies;
    const fetched = library.all().filter((held) => this.#isFetched(held));
    const room = fitIntoQuota(model, fetched, {
      limit: this.#room,
      isCleared: (id) => guard.clearance.allows(id) && !this.#workers.isActive(id),
    });
    if (!room.fits) {
      if (this.#isFetched(model)) await library.discard(model);
      throw new BitorchError('ROOM_EXCEEDED', room.reason);
    }
    for (const held of room.evict) await library.discard(held);
  }

  /** Whether a model is here only because it was fetched to be examined. */
  #isFetched({ id }: Model): boolean {
    const { isUsed, library } = this.#dependencies;
    return !isUsed(id) && library.isInHome(id);
  }

  /** Signs and tells; what is bad is not kept here either. */
  async #attest(model: Model, examination: Examination): Promise<void> {
    const { key, selfId, guard, library, log } = this.#dependencies;
    const attestation = {
      ...examination,
      format: 2 as const,
      authority: selfId,
      manifest: fromHex(model.id),
      name: model.manifest.name,
      time: Date.now(),
    };
    await guard.publish(sealAttestation(attestation, key));
    log.info({ model: model.id, verdict: examination.verdict }, 'model examined');
    if (examination.verdict === 'quarantined') await library.discard(model);
  }

  #progressOf(id: string): OnProgress {
    return (progress) => {
      this.#steps.set(id, progress);
      this.#dependencies.onProgress(progress);
    };
  }
}

/** Whether only one address announces a model that was never tried, and nobody has taken a byte of it. */
const isUnused = ({ use, step, problem }: QueueEntry): boolean =>
  use.origins.length <= 1 && use.uploaded === 0 && !step && problem === undefined;
