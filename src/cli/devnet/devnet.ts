import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BitorchError, Lifecycle, type Progress, pause } from '#base';
import { networkOf } from './client.ts';
import { NodeProcess, type Ready, type StartFlags } from './process.ts';

/** Helps the default model, a very small one, to answer simple questions reliably. */
const SYSTEM = 'You are a helpful assistant. Keep answers short.';

export interface DevnetOptions {
  /** Folder for the data directories of all nodes. */
  readonly home: string;
  /** Folder for fetched model sources. */
  readonly cache: string;
  /** Stage nodes. */
  readonly nodes: number;
  /** Source of the model. */
  readonly model: string;
  /** Port of the user's page; 0 = any. */
  readonly port: number;
  /** Address of this machine in its local network, at which other machines join; this machine only when undefined. */
  readonly lan?: string | undefined;
}

export interface DevnetDependencies {
  readonly onProgress: (node: string, progress: Progress) => void;
  /** A node ended unexpectedly: the reason, and whether it is restarted. */
  readonly onEnd?: (node: string, why: string, restarts: boolean) => void;
  /** A node ended because somebody stopped it. */
  readonly onLeave?: (node: string) => void;
}

/** Folders of the validating nodes: the seeder and three stages, even if those run no blocks of the model. */
const VALIDATORS = ['seeder', 'stage-1', 'stage-2', 'stage-3'];
/** Pause of the idle chain in ms, which keeps an unused devnet from loading the machine. */
const CHAIN_REST_MS = 10_000;
/** Password of all wallets of the devnet, which hold only test coins. */
export const WALLET_PASSWORD = 'play money';

/**
 * A whole network on this machine: a security node, a seeder that publishes, stage nodes that download and run blocks, and the
 * user's own node. Four of them validate the chain.
 */
export class Devnet {
  readonly #options: DevnetOptions;
  readonly #dependencies: DevnetDependencies;
  readonly #lifecycle = new Lifecycle();
  readonly processes: NodeProcess[] = [];

  constructor(options: DevnetOptions, dependencies: DevnetDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** Starts every process; resolves with the user's node when all are ready. */
  async start(): Promise<Ready> {
    const { home, cache, model: source, nodes, port } = this.#options;
    const passwordFile = join(home, 'wallet-password');
    await mkdir(home, { recursive: true });
    const stageHomes = Array.from({ length: nodes }, (_, i) => `stage-${i + 1}`);
    const others = ['you', ...stageHomes.filter((name) => !VALIDATORS.includes(name))];
    const { prepareDevnetChain } = await import('./prepare-chain.ts');
    const password = WALLET_PASSWORD;
    const genesis = await prepareDevnetChain({ folder: home, validators: VALIDATORS, others, password });
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    // A private network on one machine also works without a sandbox.
    const money = {
      genesis,
      walletPasswordFile: passwordFile,
      chainRest: `${CHAIN_REST_MS}`,
      unproven: 'cleared',
    };
    const security = this.#spawn('security', { ...this.#place, roles: 'security', unproven: 'cleared' });
    const guard = await security.ready;
    const guarded = { ...money, ...this.#place, securityAuthorities: guard.id };
    const seeder = this.#spawn('seeder', {
      ...guarded,
      bootstrap: guard.addresses[0]!,
      roles: 'seed,audit,validate',
      publish: source,
      cache,
      trackerPort: '0',
    });
    const first = await seeder.ready;
    const [model] = (await networkOf(first, this.#lifecycle.signal)).models;
    if (!model) throw new BitorchError('PUBLISH_FAILED', 'the seeder did not publish a model');
    if (nodes > model.layers)
      throw new BitorchError(
        'OPTION_INVALID',
        `--nodes ${nodes}: ${model.name} has only ${model.layers} blocks`,
      );
    const shared = {
      ...guarded,
      bootstrap: [first, guard].map(({ addresses }) => addresses[0]!).join(','),
      trackers: first.trackers.join(','),
      model: model.id,
    };
    const stages = Array.from({ length: nodes }, (_, i) => {
      const [from, end] = [i, i + 1].map((n) => Math.round((n * model.layers) / nodes)) as [number, number];
      const validates = VALIDATORS.includes(`stage-${i + 1}`) ? ',validate' : '';
      const blocks = `${from}-${end - 1}`;
      return this.#spawn(`stage ${i + 1}`, { ...shared, roles: `seed,run${validates}`, blocks });
    });
    const idle = VALIDATORS.slice(1 + nodes).map((name) =>
      this.#spawn(name.replace('-', ' '), { ...shared, roles: 'validate' }),
    );
    const user = this.#spawn('you', { ...shared, roles: 'client', port: String(port), system: SYSTEM });
    await Promise.all([...stages, ...idle].map((stage) => stage.ready));
    const ready = await user.ready;
    await this.#untilAvailable(ready, model.id);
    return ready;
  }

  /** Address at which other machines join, if they may. */
  get lan(): string | undefined {
    return this.#options.lan;
  }

  /** Where the nodes listen: on every network of this machine when others may join, else on loopback. */
  get #place(): StartFlags {
    const { lan } = this.#options;
    return lan === undefined ? {} : { listen: '/ip4/0.0.0.0/tcp/0', swarmHost: lan };
  }

  /** Stops every process, the user's node first, and waits until all have exited. */
  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }

  #spawn(name: string, flags: StartFlags): NodeProcess {
    const home = join(this.#options.home, name.replace(' ', '-'));
    const { onProgress, onEnd, onLeave } = this.#dependencies;
    const node = new NodeProcess(
      { name, home, flags },
      {
        onProgress: (progress) => onProgress(name, progress),
        onEnd: (why, restarts) => onEnd?.(name, why, restarts),
        onLeave: () => onLeave?.(name),
      },
    );
    this.#lifecycle.onStop(() => node.stop());
    this.processes.push(node);
    return node;
  }

  /** Waits until the user's node knows every stage. */
  async #untilAvailable(user: Ready, modelId: string): Promise<void> {
    for (;;) {
      const { models } = await networkOf(user, this.#lifecycle.signal);
      if (models.find(({ id }) => id === modelId)?.available) return;
      await pause(100);
    }
  }
}
