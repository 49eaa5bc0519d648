import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bitfield } from '../../../src/distribution/swarm/bitfield.ts';
import { Picker } from '../../../src/distribution/swarm/picker.ts';

const PIECES = 12;
const piece = fc.nat(PIECES - 1);

test('whatever happens, a pick is the rarest free piece of the earliest class that the peer has', () => {
  const action = fc.oneof(
    fc.record({ type: fc.constant('want' as const), piece, priority: fc.nat(3) }),
    fc.record({ type: fc.constantFrom('gain' as const, 'lose', 'release'), piece }),
    fc.record({ type: fc.constant('pick' as const), has: fc.uniqueArray(piece) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80 }), fc.nat(), (actions, seed) => {
      const picker = new Picker(PIECES, () => ((seed % 97) + 1) / 99);
      const model = Array.from({ length: PIECES }, () => ({
        availability: 0,
        priority: Infinity,
        taken: false,
      }));
      for (const step of actions) {
        if (step.type === 'pick') {
          const has = new Bitfield(PIECES);
          for (const index of step.has) has.add(index);
          const free = model.filter(
            (m, n) => !m.taken && m.priority < Infinity && m.availability > 0 && has.has(n),
          );
          const picked = picker.pick(has);
          assert.equal(picked === undefined, free.length === 0);
          if (picked === undefined) continue;
          const chosen = model[picked]!;
          assert.ok(free.includes(chosen));
          assert.ok(
            free.every(
              (m) =>
                m.priority > chosen.priority ||
                (m.priority === chosen.priority && m.availability >= chosen.availability),
            ),
          );
          chosen.taken = true;
          continue;
        }
        const state = model[step.piece]!;
        if (step.type === 'want') {
          picker.want(step.piece, step.priority);
          state.priority = Math.min(state.priority, step.priority);
        } else if (step.type === 'gain') {
          picker.gained(step.piece);
          state.availability++;
        } else if (step.type === 'lose' && state.availability > 0) {
          picker.lost(step.piece);
          state.availability--;
        } else if (step.type === 'release' && state.taken) {
          picker.release(step.piece);
          state.taken = false;
        }
      }
    }),
    { numRuns: 300 },
  );
});
