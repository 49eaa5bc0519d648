import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { concat, sha256, toHex, utf8 } from '#base';
import { type ApplicationPort, readValidatorKey } from '#consensus';
import type { SigningKey } from '#crypto';

const BINARY = process.env.COMETBFT ?? 'cometbft';

/** Why there is no CometBFT to test with; undefined when there is. */
export function missingComet(): string | undefined {
  const { status, stdout } = spawnSync(BINARY, ['version'], { encoding: 'utf8' });
  if (status !== 0)
    return 'cometbft is not installed: go install github.com/cometbft/cometbft/cmd/cometbft@v0.38.19';
  return /^v?0\.38\./.test(stdout) ? undefined : `cometbft ${stdout.trim()} is not 0.38`;
}

export interface CometBlock {
  readonly height: number;
  /** ms since epoch. */
  readonly time: number;
  /** 20 bytes. */
  readonly proposer: Uint8Array;
  /** After the block before. */
  readonly appHash: string;
  readonly transactions: readonly Uint8Array[];
  readonly evidence: number;
  /** What became of each validator's vote on the block before, in the order of their set. */
  readonly lastFlags: readonly ('absent' | 'commit' | 'nil')[];
}

export interface CometNodeOptions {
  readonly index: number;
  readonly key: SigningKey;
  readonly firstPort: number;
  /** All addresses, as CometBFT wants them. */
  readonly peers: () => string;
  /** Blocks. */
  readonly snapshotEvery?: number;
}

/** A validator: CometBFT and our application, two processes on one socket. */
export class CometNode {
  readonly home: string;
  readonly index: number;
  readonly key: SigningKey;
  readonly rpc: string;
  readonly #peers: () => string;
  readonly #snapshotEvery: number;
  readonly #ports: { readonly p2p: number; readonly rpc: number };
  #processes: ChildProcess[] = [];
  #log = '';

  constructor(home: string, { index, key, firstPort, peers, snapshotEvery = 10 }: CometNodeOptions) {
    this.#snapshotEvery = snapshotEvery;
    this.home = home;
    this.index = index;
    this.key = key;
    this.#ports = { p2p: firstPort + 2 * index, rpc: firstPort + 2 * index + 1 };
    this.rpc = `http://127.0.0.1:${this.#ports.rpc}`;
    this.#peers = peers;
  }

  get address(): string {
    return `127.0.0.1:${this.#ports.p2p}`;
  }

  get log(): string {
    return this.#log;
  }

  async start(): Promise<void> {
    const socket = `unix://${join(this.home, 'app.sock')}`;
    const application = this.#spawn(process.execPath, [
      'src/cli/main.ts',
      'abci',
      ...['--address', socket, '--home', join(this.home, 'app'), '--threads', '1'],
      ...['--snapshot-every', `${this.#snapshotEvery}`],
      ...['--validator-key', join(this.home, 'config', 'priv_validator_key.json')],
    ]);
    await Promise.race([
      once(application.stdout!, 'data'),
      once(application, 'exit').then(() => Promise.reject(new Error(`the application ended: ${this.#log}`))),
    ]);
    this.#spawn(BINARY, [
      'node',
      ...['--home', this.home, '--proxy_app', socket, '--log_level', process.env.COMET_LOG ?? 'error'],
      ...['--p2p.laddr', `tcp://${this.address}`, '--rpc.laddr', `tcp://127.0.0.1:${this.#ports.rpc}`],
      ...['--p2p.persistent_peers', this.#peers()],
    ]);
  }

  /** Both at once, as when the power goes. */
  async kill(): Promise<void> {
    const ended = this.#processes
      .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
      .map((child) => once(child, 'exit'));
    for (const child of this.#processes.splice(0)) child.kill('SIGKILL');
    await Promise.all(ended);
  }

  /** The application alone: CometBFT ends by itself when it loses it. */
  async killApplication(): Promise<void> {
    const [application, comet] = this.#processes as [ChildProcess, ChildProcess];
    const ended = [once(application, 'exit'), once(comet, 'exit')];
    application.kill('SIGKILL');
    await Promise.race([Promise.all(ended), sleep(5_000)]);
    await this.kill();
  }

  async call<T>(method: string, params: Record<string, unknown> = {}): Promise<T> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const response = await fetch(this.rpc, { method: 'POST', body, signal: AbortSignal.timeout(10_000) });
    const { result, error } = (await response.json()) as { result: T; error?: unknown };
    if (error) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result;
  }

  /** The application, as anybody reaches it through CometBFT. */
  readonly port: ApplicationPort = {
    query: async ({ path, data }) => {
      const asked = { path, data: Buffer.from(data).toString('hex'), height: '0', prove: false };
      const { response } = await this.call<{ response: RpcAnswer }>('abci_query', asked);
      const value = new Uint8Array(Buffer.from(response.value ?? '', 'base64'));
      return { code: response.code ?? 0, log: response.log ?? '', value };
    },
    checkTx: ({ bytes }) => this.call('broadcast_tx_sync', { tx: Buffer.from(bytes).toString('base64') }),
  };

  /** The set in force at a height, as hexadecimal keys and powers. */
  async validators(height: number): Promise<readonly (readonly [key: string, power: number])[]> {
    const { validators } = await this.call<{ validators: RpcValidator[] }>('validators', {
      height: `${height}`,
    });
    return validators.map(({ pub_key, voting_power }) => [
      Buffer.from(pub_key.value, 'base64').toString('hex'),
      Number(voting_power),
    ]);
  }

  async height(): Promise<number> {
    try {
      const { sync_info } = await this.call<{ sync_info: { latest_block_height: string } }>('status');
      return Number(sync_info.latest_block_height);
    } catch {
      return 0;
    }
  }

  /** The first block that it has. */
  async firstBlock(): Promise<number> {
    const { sync_info } = await this.call<{ sync_info: { earliest_block_height: string } }>('status');
    return Number(sync_info.earliest_block_height);
  }

  async until(height: number): Promise<void> {
    for (let waited = 0; (await this.height()) < height; waited++) {
      if (waited > 600)
        throw new Error(`node ${this.index} does not reach ${height}: ${this.#log.slice(-3_000)}`);
      await sleep(100);
    }
  }

  async block(height: number): Promise<CometBlock> {
    const { block } = await this.call<{ block: RpcBlock }>('block', { height: `${height}` });
    const { header, data, evidence, last_commit } = block;
    return {
      height,
      time: Date.parse(`${header.time.slice(0, 23).replace(/Z$/, '')}Z`),
      proposer: new Uint8Array(Buffer.from(header.proposer_address, 'hex')),
      appHash: header.app_hash.toLowerCase(),
      transactions: (data.txs ?? []).map((text) => new Uint8Array(Buffer.from(text, 'base64'))),
      evidence: evidence.evidence.length,
      lastFlags: last_commit.signatures.map(({ block_id_flag }) => FLAGS[block_id_flag - 1]!),
    };
  }

  #spawn(command: string, args: string[]): ChildProcess {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (text) => (this.#log += text));
    child.stderr.on('data', (text) => (this.#log += text));
    this.#processes.push(child);
    return child;
  }
}

interface RpcAnswer {
  readonly code?: number;
  readonly log?: string;
  readonly value?: string | null;
}

interface RpcValidator {
  readonly pub_key: { readonly value: string };
  readonly voting_power: string;
}

interface RpcBlock {
  readonly header: { readonly time: string; readonly proposer_address: string; readonly app_hash: string };
  readonly data: { readonly txs: readonly string[] | null };
  readonly evidence: { readonly evidence: readonly unknown[] };
  readonly last_commit: { readonly signatures: readonly { readonly block_id_flag: number }[] };
}

/** BlockIDFlag of tendermint.types, from 1. */
const FLAGS = ['absent', 'commit', 'nil'] as const;

/** Replaces the random key that `cometbft testnet` has made. */
function writeValidatorKey(home: string, { seed, publicKey }: SigningKey): Promise<void> {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  const file = {
    address: toHex(sha256(publicKey).subarray(0, 20)).toUpperCase(),
    pub_key: { type: 'tendermint/PubKeyEd25519', value: base64(publicKey) },
    priv_key: { type: 'tendermint/PrivKeyEd25519', value: base64(concat([seed, publicKey])) },
  };
  return writeFile(join(home, 'config', 'priv_validator_key.json'), JSON.stringify(file));
}

/** Validators of a network that begins with the genesis that is made for their keys. */
export class CometNetwork {
  readonly nodes: CometNode[] = [];
  readonly directory: string;
  readonly #firstPort: number;
  #peers: () => string = () => '';

  private constructor(directory: string, firstPort: number) {
    this.directory = directory;
    this.#firstPort = firstPort;
  }

  static async create(
    size: number,
    firstPort: number,
    genesisFor: (keys: readonly SigningKey[]) => { name: string; time: number; text: string },
    {
      snapshotEvery,
      keys: given = [],
    }: Pick<CometNodeOptions, 'snapshotEvery'> & { readonly keys?: readonly SigningKey[] } = {},
  ): Promise<CometNetwork> {
    const network = new CometNetwork(await mkdtemp(join(tmpdir(), 'comet-')), firstPort);
    const homes = Array.from({ length: size }, (_, i) => join(network.directory, `node${i}`));
    run(['testnet', '--v', `${size}`, '--o', network.directory, '--populate-persistent-peers=false']);
    await Promise.all(given.map((key, i) => writeValidatorKey(homes[i]!, key)));
    const keys = await Promise.all(
      homes.map((home) => readValidatorKey(join(home, 'config', 'priv_validator_key.json'))),
    );
    const { name, time, text } = genesisFor(keys);
    const ids = homes.map((home) => run(['show-node-id', '--home', home]).trim());
    const peers = () => ids.map((id, i) => `${id}@${network.nodes[i]!.address}`).join(',');
    network.#peers = peers;
    for (const [i, home] of homes.entries()) {
      const ofAll = { firstPort, peers, ...(snapshotEvery && { snapshotEvery }) };
      network.nodes.push(new CometNode(home, { index: i, key: keys[i]!, ...ofAll }));
      await writeGenesis(home, name, time, text);
      await configure(home);
    }
    return network;
  }

  async start(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.start()));
  }

  /**
   * One more node, which votes for nothing and begins from a snapshot of the others: CometBFT's state sync, with a light
   * client that trusts the second block (the first has the time of the genesis) and asks two nodes.
   */
  async newcomer(): Promise<CometNode> {
    const [first, second] = this.nodes as [CometNode, CometNode];
    const index = this.nodes.length;
    const home = join(this.directory, `node${index}`);
    run(['init', '--home', home]);
    await copyFile(join(first.home, 'config', 'genesis.json'), join(home, 'config', 'genesis.json'));
    const trusted = await first.call<{ block_id: { hash: string } }>('block', { height: '2' });
    await configure(home, (config) =>
      config
        .replace('enable = false', 'enable = true')
        .replace('rpc_servers = ""', `rpc_servers = "${first.rpc},${second.rpc}"`)
        .replace('trust_height = 0', 'trust_height = 2')
        .replace('trust_hash = ""', `trust_hash = "${trusted.block_id.hash}"`)
        .replace('discovery_time = "15s"', 'discovery_time = "5s"'),
    );
    const key = await readValidatorKey(join(home, 'config', 'priv_validator_key.json'));
    const node = new CometNode(home, { index, key, firstPort: this.#firstPort, peers: this.#peers });
    this.nodes.push(node);
    return node;
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    await rm(this.directory, { recursive: true, force: true });
  }
}

function run(args: string[]): string {
  const { status, stdout, stderr } = spawnSync(BINARY, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cometbft ${args[0]}: ${stderr}`);
  return stdout;
}

async function writeGenesis(home: string, name: string, time: number, genesis: string): Promise<void> {
  const genesisPath = join(home, 'config', 'genesis.json');
  const file = JSON.parse(await readFile(genesisPath, 'utf8'));
  const { validators: _, ...rest } = file;
  const document = {
    ...rest,
    chain_id: name,
    genesis_time: new Date(time).toISOString(),
    initial_height: '1',
    app_hash: '',
    app_state: JSON.parse(genesis),
  };
  await writeFile(genesisPath, utf8(JSON.stringify(document)));
}

async function configure(home: string, change = (config: string) => config): Promise<void> {
  const path = join(home, 'config', 'config.toml');
  const config = (await readFile(path, 'utf8'))
    .replace('allow_duplicate_ip = false', 'allow_duplicate_ip = true')
    .replace('addr_book_strict = true', 'addr_book_strict = false')
    .replace('pex = true', 'pex = false')
    .replace('pprof_laddr = "localhost:6060"', 'pprof_laddr = ""')
    .replace(/timeout_commit = ".*"/, 'timeout_commit = "200ms"');
  await writeFile(path, change(config));
}
