import { createLog, toHex } from '#base';
import { decode, encode } from '#ledger';
import { Host } from '#network';
import { membersCodec, type ValidatorSet } from '../../../src/consensus/blocks/validators.ts';
import { MAX_QUERY_FRAME, QUERY_PROTOCOL } from '../../../src/consensus/light/constants.ts';
import { RemotePeer } from '../../../src/consensus/light/light-peer.ts';
import { queryCodec, type Reply, replyCodec } from '../../../src/consensus/light/protocol.ts';
import { MAX_REQUEST_FRAME, SYNC_PROTOCOL } from '../../../src/consensus/sync/constants.ts';
import {
  answerCodec,
  type LightBlock,
  lightBlockCodec,
  lightMessageOf,
  requestCodec,
} from '../../../src/consensus/sync/messages.ts';
import { keyOf } from './cluster.ts';

export interface Lies {
  readonly light?: (light: LightBlock) => LightBlock;
  readonly reply?: (path: string, reply: Reply) => Reply;
}

/** A node that passes questions of wallets on to another one, and changes what comes back. */
export async function lyingNode(name: string, honest: string, lies: Lies): Promise<Host> {
  const host = await Host.start({ key: keyOf(name) }, { log: createLog('silent') });
  const peer = new RemotePeer(await host.connect(honest), { host });
  const sets = new Map<string, ValidatorSet>();
  await host.handle(SYNC_PROTOCOL, MAX_REQUEST_FRAME, async (stream) => {
    for (let frame = await stream.read(); frame; frame = await stream.read()) {
      const question = decode(requestCodec, frame);
      if (question.type === 'members') {
        const known = sets.get(toHex(question.value.hash));
        await stream.send(encode(answerCodec(membersCodec), known?.validators));
        continue;
      }
      if (question.type !== 'light') throw new Error('wallets ask for headers only');
      const light = await peer.light(question.value.height);
      const told = light && (lies.light?.(light) ?? light);
      for (const set of told ? [told.validators, told.nextValidators] : [])
        sets.set(toHex(set.membersHash), set);
      await stream.send(encode(answerCodec(lightBlockCodec), lightMessageOf(told)));
    }
  });
  await host.handle(QUERY_PROTOCOL, MAX_QUERY_FRAME, async (stream) => {
    for (let frame = await stream.read(); frame; frame = await stream.read()) {
      const query = decode(queryCodec, frame);
      const path = query.type === 'query' ? Buffer.from(query.value.path).toString() : '';
      const { code, log, value } =
        query.type === 'query'
          ? await peer.query({ path, data: query.value.data })
          : { ...(await peer.checkTx({ bytes: query.value.transaction })), value: new Uint8Array(0) };
      const reply: Reply = { code: code === 0 ? 0 : 1, log: Buffer.from(log), value };
      await stream.send(encode(replyCodec, lies.reply?.(path, reply) ?? reply));
    }
  });
  return host;
}
