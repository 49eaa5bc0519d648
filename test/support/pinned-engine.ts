/**
 * Loads a stage whose threads keep their cores, runs it, and prints as JSON what `cores` each thread of this process
 * may use, its main one first, and a hash of the outputs: `node test/support/pinned-engine.ts THREADS`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { loadSample, trial } from '../../src/execution/engine/self-check.ts';

const stage = await loadSample({}, { threads: Number(process.argv[2]), pin: 1 });
const hash = await trial(stage);
const cores = readdirSync('/proc/self/task').map((thread) => {
  const status = readFileSync(`/proc/self/task/${thread}/status`, 'utf8');
  return /^Cpus_allowed_list:\s*(.*)$/m.exec(status)![1]!;
});
await stage.stop();
console.log(JSON.stringify({ hash, cores }));
