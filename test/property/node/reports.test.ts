import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BitorchError, createLog } from '#base';
import type { Host } from '#network';
import { Clearance, fetchDocument, ReportStore } from '#security';
import type { Library } from '../../../src/node/models/library.ts';
import type { Directory, KnownNode } from '../../../src/node/peers/directory.ts';
import type { ModelGuard } from '../../../src/node/security/model-guard.ts';
import { ReportChecker } from '../../../src/node/security/report-checker.ts';
import { attest, authority } from '../../support/attestation.ts';
import { temporaryDirectory } from '../../support/swarm.ts';

const log = createLog('silent');
const alice = await authority(1);
const PART = 512 << 10;

/** Parts as anybody may answer with them: of any length, with sizes that change from one to the next. */
const size = fc.oneof(
  fc.nat(3),
  fc.nat(3 * PART),
  fc.constantFrom(16 << 20, 17 << 20, Number.MAX_SAFE_INTEGER),
);
const part = fc.oneof(
  fc.constantFrom(undefined, null, 7, [], {}, { size: 1 }, { size: -1, part: new Uint8Array() }),
  fc.record({
    size,
    part: fc.oneof(fc.nat(8), fc.constantFrom(PART, PART - 1)).map((length) => new Uint8Array(length)),
  }),
);
const answers = fc.array(fc.oneof(part, fc.constant('rejects' as const)), { minLength: 1, maxLength: 40 });

function hostThat(says: readonly unknown[]) {
  let asked = 0;
  const host = {
    id: 'self',
    request: async () => {
      const answer = says[Math.min(asked++, says.length - 1)];
      if (answer === 'rejects') throw new BitorchError('PEER_UNREACHABLE', 'gone');
      return answer;
    },
  } as unknown as Host;
  return { host, asked: () => asked };
}

test('a document that is answered with anything is fetched or refused within as many parts as it can have', async () => {
  await fc.assert(
    fc.asyncProperty(answers, async (says) => {
      const { host, asked } = hostThat(says);
      const peer = { id: 'p', addresses: [] };
      await fetchDocument(host, peer, { kind: 'report', id: new Uint8Array(32) }).then(
        (bytes) => assert.ok(bytes.length <= 16 << 20),
        (error: unknown) => assert.ok(error instanceof BitorchError, String(error)),
      );
      assert.ok(asked() <= 33, `${asked()} parts`);
    }),
    { numRuns: 100 },
  );
});

test('whatever comes in place of reports, checking goes on, and no word is borne out by it', async (t) => {
  const home = await temporaryDirectory(t);
  let made = 0;
  await fc.assert(
    fc.asyncProperty(answers, async (says) => {
      const { host } = hostThat(says);
      const folder = `${home}/${made++}`;
      const clearance = new Clearance({ trust: [alice.id], folder: `${folder}/words` }, { log });
      await clearance.open();
      const manifest = new Uint8Array(32).fill(4);
      clearance.accept(attest(alice, { manifest }));
      const id = Buffer.from(manifest).toString('hex');
      const node = { id: alice.id, reachable: true, addresses: [] } as unknown as KnownNode;
      const stop = new AbortController();
      const checker = new ReportChecker({
        host,
        guard: { clearance } as unknown as ModelGuard,
        directory: { find: () => node, holdersOf: () => [node, node, node] } as unknown as Directory,
        library: { find: () => undefined } as unknown as Library,
        reports: new ReportStore(`${folder}/reports`),
        log,
        signal: stop.signal,
      });
      checker.start();
      const [word] = clearance.about(id);
      while (checker.of(word!).state === 'waiting') await new Promise((resolve) => setTimeout(resolve, 1));
      assert.equal(checker.of(word!).state, 'missing');
      assert.equal(clearance.stateOf(id), 'unreported');
      stop.abort();
      await checker.stop();
      await clearance.close();
    }),
    { numRuns: 20 },
  );
});
