import assert from 'node:assert/strict';
import { test } from 'node:test';
import { candidates } from '../../../src/security/sandbox/index.ts';

const UNIFIED =
  '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot';
const MEMORY = '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory';
const PIDS = '39 31 0:36 / /sys/fs/cgroup/pids rw,relatime shared:3 - cgroup cgroup rw,pids';
const HYBRID = '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw';

test('a group of version 2 lies beside the own one, or at the top', () => {
  const own = '0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-u7.scope\n';
  const slice = '/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice';
  assert.deepEqual(candidates(UNIFIED, own), [
    { version: 'v2', memory: slice, processes: slice },
    { version: 'v2', memory: '/sys/fs/cgroup', processes: '/sys/fs/cgroup' },
  ]);
  assert.equal(candidates(UNIFIED, '0::/\n').length, 1);
});

test('version 1 needs a tree of memory and one of processes, and comes last', () => {
  const v1 = { version: 'v1', memory: '/sys/fs/cgroup/memory', processes: '/sys/fs/cgroup/pids' };
  assert.deepEqual(candidates([MEMORY, PIDS].join('\n'), '4:memory:/x\n'), [v1]);
  assert.deepEqual(candidates(MEMORY, '4:memory:/\n'), []);
  assert.deepEqual(candidates([MEMORY, PIDS, HYBRID].join('\n'), '4:memory:/x\n0::/\n').at(-1), v1);
});

test('where nothing is mounted there is none', () => {
  assert.deepEqual(candidates('22 1 8:1 / / rw - ext4 /dev/sda rw\n', ''), []);
  assert.deepEqual(candidates('', '0::/\n'), []);
});
