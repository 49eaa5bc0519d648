import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Request, Response } from 'cosmjs-types/tendermint/abci/types';
import { concat, utf8 } from '#base';
import { AbciServer, formatGenesis, readValidatorKey } from '#consensus';
import { cometAddressOf as addressOf } from '#ledger';
import { FrameReader, frame } from '../../../src/consensus/abci/frames.ts';
import { founders, NAME, START, TestChain, testGenesis } from '../../support/consensus/application.ts';

const message = (request: object): Uint8Array =>
  frame(Request.encode(Request.fromPartial(request as never)).finish());
const timeOf = (ms: number) => ({ seconds: BigInt(Math.floor(ms / 1_000)), nanos: (ms % 1_000) * 1_000_000 });

/** The other end of a connection, as CometBFT holds it. */
class Client {
  readonly socket: Socket;
  readonly #reader = new FrameReader(2 ** 24);
  readonly #replies: Response[] = [];

  constructor(address: string) {
    const [, host, port] = /^tcp:\/\/(.+):(\d+)$/.exec(address)!;
    this.socket = connect(Number(port), host);
    this.socket.on('error', () => undefined);
    this.socket.on('data', (bytes) => {
      for (const reply of this.#reader.push(bytes)) this.#replies.push(Response.decode(reply));
      this.socket.emit('reply');
    });
  }

  async send(...requests: object[]): Promise<Response[]> {
    this.socket.write(concat(requests.map(message)));
    while (this.#replies.length < requests.length) await once(this.socket, 'reply');
    return this.#replies.splice(0);
  }

  async closed(): Promise<Response[]> {
    if (!this.socket.closed) await once(this.socket, 'close');
    return this.#replies;
  }
}

describe('the ABCI socket', { timeout: 30_000 }, () => {
  let server: AbciServer;
  let address: string;
  let chain: TestChain;
  const faults: unknown[] = [];

  before(async () => {
    chain = new TestChain();
    server = new AbciServer(
      { address: 'tcp://127.0.0.1:0', maxMessageBytes: 2 ** 20 },
      { application: chain.application, onFault: (error) => faults.push(error) },
    );
    address = await server.start();
  });
  after(() => server.stop());

  test('a chain begins and makes a block over two connections, replies come in the order of requests', async () => {
    const [consensus, mempool] = [new Client(address), new Client(address)];
    const [echo, info] = await consensus.send({ echo: { message: 'hello' } }, { info: {} });
    assert.equal(echo!.echo!.message, 'hello');
    assert.equal(info!.info!.lastBlockHeight, 0n);
    const [begun] = await consensus.send({
      initChain: {
        chainId: NAME,
        time: timeOf(START),
        initialHeight: 1n,
        appStateBytes: utf8(formatGenesis(testGenesis())),
      },
    });
    assert.deepEqual(
      begun!.initChain!.validators.map(({ power }) => power),
      [100n, 100n, 100n, 100n],
    );
    const proposer = {
      height: 1n,
      time: timeOf(START + 5),
      proposerAddress: addressOf(founders[0]!.publicKey),
    };
    const [prepared] = await consensus.send({ prepareProposal: { ...proposer, maxTxBytes: 10_000n } });
    const { txs } = prepared!.prepareProposal!;
    const replies = await consensus.send(
      { processProposal: { ...proposer, txs } },
      { finalizeBlock: { ...proposer, txs } },
      { commit: {} },
      { info: {} },
      { flush: {} },
    );
    const [processed, finalized, committed, , flushed] = replies;
    assert.equal(processed!.processProposal!.status, 1);
    assert.ok(committed!.commit && flushed!.flush);
    const { appHash, height } = await chain.application.info();
    assert.equal(height, 1);
    assert.deepEqual(finalized!.finalizeBlock!.appHash, appHash);
    assert.deepEqual(
      finalized!.finalizeBlock!.txResults.map(({ code }) => code),
      [0],
    );
    const many = Array.from({ length: 3_000 }, (_, i) => ({ checkTx: { tx: utf8(`${i}`) } }));
    const checked = await mempool.send(...many, { flush: {} });
    assert.ok(checked.slice(0, -1).every((reply) => reply.checkTx!.code === 1) && checked.at(-1)!.flush);
    const [answer] = await mempool.send({ query: { path: '/status', data: new Uint8Array(0) } });
    assert.equal(answer!.query!.height, 1n);
    for (const { socket } of [consensus, mempool]) socket.destroy();
  });

  test('what is no ABCI, too long, or of no known kind ends that connection and no other', async () => {
    const good = new Client(address);
    const long = Uint8Array.of(0x81, 0x80, 0x40);
    for (const bytes of [
      long,
      utf8(`GET / HTTP/1.1\r\n${'x'.repeat(80)}`),
      Uint8Array.of(3, 0x0a, 0x05, 1),
      Uint8Array.of(0),
    ]) {
      const bad = new Client(address);
      bad.socket.write(bytes);
      const [reply] = await bad.closed();
      assert.ok(reply!.exception!.error.length > 0);
    }
    assert.equal(faults.length, 4);
    assert.ok((await good.send({ info: {} }))[0]!.info);
    good.socket.destroy();
  });

  test('an application that cannot go on says so and ends the connection', async () => {
    const client = new Client(address);
    client.socket.write(message({ finalizeBlock: { height: 7n, time: timeOf(START) } }));
    const [reply] = await client.closed();
    assert.match(reply!.exception!.error, /HEIGHT_WRONG/);
  });

  test('an address that is none is refused', async () => {
    for (const wrong of ['127.0.0.1:1', 'tcp://127.0.0.1', 'unix://relative', 'tcp://x:99999']) {
      const { application } = chain;
      await assert.rejects(new AbciServer({ address: wrong }, { application }).start(), {
        code: 'OPTION_INVALID',
      });
    }
  });
});

test('a validator key of CometBFT is read, anything else refused', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'validator-key-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'priv_validator_key.json');
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  const { seed, publicKey } = founders[0]!;
  const file = (pub: Uint8Array, type = 'tendermint/PrivKeyEd25519') =>
    JSON.stringify({
      address: 'X',
      pub_key: { type: 'tendermint/PubKeyEd25519', value: base64(pub) },
      priv_key: { type, value: base64(concat([seed, publicKey])) },
    });
  await writeFile(path, file(publicKey));
  assert.deepEqual((await readValidatorKey(path)).publicKey, publicKey);
  for (const wrong of ['{', '{}', file(seed), file(publicKey, 'tendermint/PrivKeySecp256k1')]) {
    await writeFile(path, wrong);
    await assert.rejects(readValidatorKey(path), { code: 'KEY_INVALID' });
  }
  await assert.rejects(readValidatorKey(join(folder, 'none')), {
    code: 'KEY_INVALID',
    message: /does not exist/,
  });
});
