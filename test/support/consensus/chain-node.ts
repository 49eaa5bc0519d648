import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLog, toHex } from '#base';
import { defaultCurve, type SigningKey } from '#crypto';
import { Contacts, Host } from '#network';
import { parseGenesis } from '../../../src/consensus/application/index.ts';
import { Chain } from '../../../src/consensus/chain.ts';
import type { ChainOptions, ChainStatus } from '../../../src/consensus/chain-options.ts';
import { ListApplication } from './list-application.ts';

export interface ChainNodeSettings {
  readonly name: string;
  readonly home: string;
  /** The genesis file. */
  readonly genesis: string;
  /** Of the node on the network. */
  readonly key: SigningKey;
  /** Signs votes; a node without one follows. */
  readonly validator?: SigningKey;
}

/** A node of a chain in this process, with real connections, that can be stopped and started again on the same data and port. */
export class ChainNode {
  readonly settings: ChainNodeSettings;
  /** Ids of the blocks that it called final. */
  readonly blocks = new Map<number, string>();
  #host: Host | undefined;
  #contacts: Contacts | undefined;
  #chain: Chain | undefined;
  /** Where it listens, from its first start on. */
  address = '/ip4/127.0.0.1/tcp/0';

  constructor(settings: ChainNodeSettings) {
    this.settings = settings;
    mkdirSync(settings.home, { recursive: true });
  }

  get name(): string {
    return this.settings.name;
  }

  get status(): ChainStatus {
    return this.#chain!.status;
  }

  /** Where others reach it. */
  get contact(): string {
    return `${this.address}/p2p/${this.#host!.id}`;
  }

  /** Connected with the nodes that it was told of, as far as they are there. */
  async start(contacts: readonly string[] = [], options: Partial<ChainOptions> = {}): Promise<void> {
    const { home, key, validator, genesis } = this.settings;
    const log = createLog('silent');
    const genesisFile = new Uint8Array(readFileSync(genesis));
    this.#host = await Host.start({ key, listen: [this.address] }, { log });
    this.address = this.#host.addresses[0]!.replace(/\/p2p\/.*$/, '');
    const application = new ListApplication(join(home, 'state'));
    this.#contacts = new Contacts({ configured: contacts }, { host: this.#host, log });
    this.#chain = new Chain(
      { home, genesisFile, genesis: parseGenesis(genesisFile, defaultCurve()), ...options },
      { host: this.#host, contacts: this.#contacts, application, log, key: validator },
    );
    this.#chain.onBlock(({ block, id }) => this.blocks.set(block.header.height, toHex(id)));
    void this.#contacts.start();
    await this.#chain.start();
  }

  connect(contact: string): Promise<string> {
    return this.#host!.connect(contact);
  }

  async stop(): Promise<void> {
    await this.#contacts?.stop();
    await this.#chain?.stop();
    await this.#host?.stop();
    this.#chain = undefined;
    this.#host = undefined;
  }
}
