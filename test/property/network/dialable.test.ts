import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { mayDial, multiaddrOf, parseDialable, parseMultiaddr, type Scope, scopeOfRemote } from '#network';

const RUNS = { numRuns: 2_000 };
const scope = fc.constantFrom<Scope>('loopback', 'link-local', 'private', 'public');
const host = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.ipV4Extended(),
  fc.ipV4(),
  fc.ipV6(),
  fc.domain(),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdefx.:%-[]/\0\n'), maxLength: 40 }),
);

test('whatever comes, parsing neither throws nor yields anything but one plain spelling', () => {
  fc.assert(
    fc.property(host, fc.oneof(fc.integer(), fc.double(), fc.anything()), (text, port) => {
      const dialable = parseDialable(text, port);
      if (!dialable) return;
      assert.match(dialable.host, /^[a-z0-9.:-]{1,253}$/);
      assert.ok(dialable.port >= 1 && dialable.port <= 65_535);
      assert.equal(dialable.kind === 'name', isIP(dialable.host) === 0);
      assert.deepEqual(parseDialable(dialable.host, port), dialable);
      assert.deepEqual(parseMultiaddr(multiaddrOf(dialable)), dialable);
    }),
    RUNS,
  );
});

test('no text is taken for a multiaddr that says more than a place', () => {
  const piece = fc.oneof(
    host,
    fc.constantFrom('ip4', 'ip6', 'dns', 'tcp', 'p2p', 'ws', '1', '65536', '127.0.0.1'),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const dialable = parseMultiaddr(`/${pieces.join('/')}`);
      if (dialable) assert.ok(pieces.length === 4 || (pieces.length === 6 && pieces[4] === 'p2p'));
    }),
    RUNS,
  );
});

test('what is spelled differently and connects to the same place has the same scope', () => {
  fc.assert(
    fc.property(fc.ipV6(), scope, (text, from) => {
      const [dialable, upper] = [parseDialable(text, 1), parseDialable(text.toUpperCase(), 1)];
      assert.deepEqual(dialable, upper);
      if (dialable)
        assert.equal(mayDial(dialable, from), dialable.scope === 'public' || mayDial(upper!, from));
      assert.ok(scopeOfRemote(text));
    }),
    RUNS,
  );
});
