import { BitorchError, fromHex, type Logger, type OnProgress, toHex } from '#base';
import type { SigningKey } from '#crypto';
import { type Executor, SessionService, type Stage } from '#execution';
import type { Host } from '#network';
import { Auditor, ReceiptSigner, serveInputs } from '#verification';
import type { Model } from '../models/library.ts';
import type { Directory } from '../peers/directory.ts';
import type { ModelGuard } from '../security/model-guard.ts';
import { type LoadOptions, loadStage } from './load-stage.ts';

/** A stage that nobody has used for this long begins to fetch the rest of its model all the same. */
const SEED_AFTER_IDLE_MS = 60_000;

export interface StageServerDependencies {
  readonly host: Host;
  readonly key: SigningKey;
  /** The model with this manifest id, from this node or another. */
  readonly obtain: (id: string) => Promise<Model>;
  /** Fetches the rest of a model to seed it. */
  readonly seed: (model: Model) => void;
  readonly directory: Pick<Directory, 'find' | 'changed'>;
  readonly guard: Pick<ModelGuard, 'demandCleared'>;
  readonly log: Logger;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

type RunOptions = Pick<LoadOptions, 'threads' | 'pin' | 'context'>;

/** The role "run": offers blocks of one model to sessions, and re-executes other stages' work on request. */
export class StageServer {
  readonly #dependencies: StageServerDependencies;
  readonly #options: RunOptions;
  readonly #service: SessionService;
  readonly #witness: ReceiptSigner;
  #served: { model: Model; stage: Stage; executor: Executor } | undefined;
  #isPaused = false;
  /** The blocks loaded for the last audit. */
  #audited: { name: string; model: string; stage: Stage } | undefined;

  constructor(options: RunOptions, dependencies: StageServerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    const { host, key, log, directory, guard } = dependencies;
    this.#witness = new ReceiptSigner({ key });
    this.#service = new SessionService({
      host,
      log,
      witness: this.#witness,
      locate: (id) => directory.find(id),
      onSessionEnd: () => this.#seedTheRest(),
      admit: (manifest, client) => {
        if (client !== host.id) guard.demandCleared(toHex(manifest));
      },
    });
  }

  /** Answers sessions and audits from now on; sessions need blocks on offer. */
  async start(): Promise<void> {
    const { host, key, log, directory } = this.#dependencies;
    await this.#service.start();
    await serveInputs({ host, witness: this.#witness });
    await new Auditor({
      host,
      key,
      log,
      locate: (id) => directory.find(id),
      executorFor: (...args) => this.#executorFor(...args),
    }).start();
  }

  /** Loads blocks and offers them. `wrap` lets a test stand between the blocks and their sessions. */
  async offer(
    model: Model,
    options: LoadOptions,
    wrap: (stage: Stage) => Executor = (stage) => stage,
  ): Promise<void> {
    const stage = await loadStage(model, options, this.#dependencies);
    this.#served = { model, stage, executor: wrap(stage) };
    if (!this.#isPaused) this.#service.offer(fromHex(model.id), this.#served.executor);
    this.#dependencies.directory.changed();
    const idle = setTimeout(() => this.#seedTheRest(), SEED_AFTER_IDLE_MS).unref();
    this.#dependencies.signal.addEventListener('abort', () => clearTimeout(idle), { once: true });
  }

  /** While paused, the blocks are not on offer and nothing is audited; running sessions end. The blocks stay in memory. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (!this.#served) return;
    const { model, executor } = this.#served;
    if (isPaused) this.#service.withdraw(fromHex(model.id));
    else this.#service.offer(fromHex(model.id), executor);
    this.#dependencies.directory.changed();
  }

  /** Stops running a model for others, in the middle of their sessions if need be. */
  async withdraw(id: string): Promise<void> {
    const stages = [];
    if (this.#served?.model.id === id) {
      this.#service.withdraw(fromHex(id));
      stages.push(this.#served.stage);
      this.#served = undefined;
    }
    if (this.#audited?.model === id) {
      stages.push(this.#audited.stage);
      this.#audited = undefined;
    }
    for (const stage of stages) await stage.stop();
    if (stages.length > 0) this.#dependencies.directory.changed();
  }

  /** Blocks [first, end) of `model` that are on offer here. */
  blocksOf(model: Model): [number, number] | null {
    const { stage } = this.#served ?? {};
    return stage && !this.#isPaused && this.#served?.model === model ? [stage.first, stage.end] : null;
  }

  async stop(): Promise<void> {
    await this.#service.stop();
    await this.#served?.stage.stop();
    await this.#audited?.stage.stop();
  }

  /** The node's own blocks come first; once they have served, the node becomes a seeder of the whole model. */
  #seedTheRest(): void {
    if (this.#served) this.#dependencies.seed(this.#served.model);
  }

  async #executorFor(
    manifest: Uint8Array,
    first: number,
    end: number,
    signal: AbortSignal,
  ): Promise<Executor> {
    const id = toHex(manifest);
    if (this.#isPaused)
      throw new BitorchError('NODE_PAUSED', 'the owner of this node has paused it: ask another');
    this.#dependencies.guard.demandCleared(id);
    const name = `${id} ${first} ${end}`;
    if (this.#audited?.name === name) return this.#audited.stage;
    await this.#audited?.stage.stop();
    this.#audited = undefined;
    const model = await this.#dependencies.obtain(id);
    const options = { first, end, slots: 1, ...this.#options };
    const stage = await loadStage(model, options, { ...this.#dependencies, signal });
    this.#audited = { name, model: id, stage };
    return stage;
  }
}
