import { sha256, toHex } from '#base';
import { formatGenesis } from '#consensus';
import type { SigningKey } from '#crypto';
import { CometNetwork } from '../../test/support/consensus/comet-network.ts';
import { BEGINS, genesisOf, NAME, VALIDATOR_KEYS } from './genesis.ts';
import type { Contestant, RunBlock } from './measure.ts';

const FIRST_PORT = 27_400;

interface Event {
  readonly result?: {
    readonly data?: {
      readonly type: string;
      readonly value: {
        readonly height?: string;
        readonly step?: string;
        readonly block?: {
          readonly header: { readonly height: string };
          readonly data: { readonly txs: string[] | null };
        };
      };
    };
  };
}

/** The first transaction of a block is its beacon. */
const transfersOf = (transactions: readonly string[]): string[] =>
  transactions.slice(1).map((text) => toHex(sha256(Buffer.from(text, 'base64'))));

/** Four validators of CometBFT, each with our application in a process beside it. */
export async function cometNetwork(outputs: number): Promise<Contestant> {
  const genesisFor = (keys: readonly SigningKey[]) => ({
    name: NAME,
    time: BEGINS,
    text: formatGenesis(genesisOf(keys, outputs)),
  });
  const network = await CometNetwork.create(4, FIRST_PORT, genesisFor, {
    snapshotEvery: 1_000_000,
    keys: VALIDATOR_KEYS,
  });
  const begun = new Map<number, number>();
  const seen = new Map<number, { at: number[]; transfers: readonly string[] }>();
  const sockets: WebSocket[] = [];

  /** CometBFT's header time is that of the votes before; a round's beginning is when its proposer begins to work. */
  function hear(text: string): void {
    const { data } = (JSON.parse(text) as Event).result ?? {};
    if (!data) return;
    const { value } = data;
    if (data.type === 'tendermint/event/NewRound') {
      const height = Number(value.height);
      begun.set(height, Math.min(begun.get(height) ?? Number.POSITIVE_INFINITY, Date.now()));
    } else if (value.block) {
      const height = Number(value.block.header.height);
      const known = seen.get(height) ?? { at: [], transfers: transfersOf(value.block.data.txs ?? []) };
      known.at.push(Date.now());
      seen.set(height, known);
    }
  }

  async function listen(rpc: string): Promise<void> {
    const socket = new WebSocket(`${rpc.replace('http', 'ws')}/websocket`);
    sockets.push(socket);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    socket.onmessage = ({ data }) => hear(String(data));
    for (const [id, event] of ['NewRound', 'NewBlock'].entries()) {
      const params = { query: `tm.event='${event}'` };
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'subscribe', params }));
    }
  }

  return {
    name: 'CometBFT',
    async start() {
      await network.start();
      await network.nodes[0]!.until(2);
      await Promise.all(network.nodes.map(({ rpc }) => listen(rpc)));
    },
    async stop() {
      for (const socket of sockets) socket.close();
      await network.stop();
    },
    async submit(transfer, at) {
      await network.nodes[at]!.port.checkTx({ bytes: transfer });
    },
    blocks: () =>
      [...seen].flatMap(([height, { at, transfers }]): RunBlock[] => {
        const from = begun.get(height);
        return from === undefined || at.length < 4
          ? []
          : [{ height, begun: from, final: Math.max(...at), transfers }];
      }),
  };
}
