/** The filter's program, run by an interpreter of classic BPF as the kernel would. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemCallFilter } from '../../../src/security/sandbox/filter.ts';
import {
  AUDIT_ARCHITECTURE,
  type Machine,
  numberOf,
  type SystemCall,
} from '../../../src/security/sandbox/system-calls.ts';

const [ALLOW, KILL] = [0x7fff0000, 0x80000000];
const errno = (number: number) => 0x00050000 | number;
const MACHINES: Machine[] = ['x64', 'arm64'];

/** What the program says to a call. Throws when it jumps or reads outside of its bounds, or never ends. */
function verdict(
  program: Uint8Array,
  call: { architecture: number; number: number; args?: number[] },
): number {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number, true);
  data.setUint32(4, call.architecture, true);
  for (const [i, arg] of (call.args ?? []).entries()) data.setBigUint64(16 + 8 * i, BigInt(arg), true);
  const view = new DataView(program.buffer);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const code = view.getUint16(8 * at, true);
    const [jt, jf] = [view.getUint8(8 * at + 2), view.getUint8(8 * at + 3)];
    const k = view.getUint32(8 * at + 4, true);
    if (code === 0x06) return k;
    if (code === 0x20) accumulator = data.getUint32(k, true);
    else if (code === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (code === 0x15) at += accumulator === k ? jt : jf;
    else if (code === 0x35) at += accumulator >= k ? jt : jf;
    else assert.fail(`instruction ${at} has the code ${code}`);
  }
}

for (const machine of MACHINES) {
  const architecture = AUDIT_ARCHITECTURE[machine];
  const alone = systemCallFilter(machine, { processes: false });
  const family = systemCallFilter(machine, { processes: true });
  const ask = (call: SystemCall, args: number[] = [], program = alone) =>
    verdict(program, { architecture, number: numberOf(call, machine)!, args });

  test(`${machine}: what reaches for others, the kernel, mounts or keys ends the process`, () => {
    for (const call of [
      'ptrace',
      'process_vm_writev',
      'bpf',
      'kexec_load',
      'init_module',
      'mount',
      'setns',
    ] as const)
      assert.equal(ask(call), KILL, call);
    for (const call of ['unshare', 'keyctl', 'perf_event_open', 'userfaultfd', 'open_by_handle_at'] as const)
      assert.equal(ask(call), KILL, call);
  });

  test(`${machine}: sockets of the network end the process, local ones are refused`, () => {
    for (const family of [2, 10, 17, 38, 40]) assert.equal(ask('socket', [family]), KILL, String(family));
    for (const family of [1, 16]) assert.equal(ask('socket', [family]), errno(13), String(family));
    assert.equal(ask('bind'), KILL);
  });

  test(`${machine}: threads are made, processes only where they may be, namespaces never`, () => {
    const [THREAD, SIGCHLD, NEWUSER] = [0x003d0f00, 17, 0x10000000];
    assert.equal(ask('clone', [THREAD]), ALLOW);
    assert.equal(ask('clone', [SIGCHLD]), errno(11));
    assert.equal(ask('clone', [SIGCHLD], family), ALLOW);
    assert.equal(ask('clone', [SIGCHLD | NEWUSER], family), KILL);
    assert.equal(ask('clone3', [], family), errno(38));
  });

  test(`${machine}: memory that no limit counts is refused`, () => {
    const [SHARED_ANONYMOUS, PRIVATE_ANONYMOUS, SHARED_FILE] = [0x21, 0x22, 0x01];
    assert.equal(ask('mmap', [0, 4096, 3, SHARED_ANONYMOUS]), errno(1));
    assert.equal(ask('mmap', [0, 4096, 3, PRIVATE_ANONYMOUS]), ALLOW);
    assert.equal(ask('mmap', [0, 4096, 3, SHARED_FILE]), ALLOW);
    assert.equal(ask('memfd_create'), errno(1));
    assert.equal(ask('ioctl', [0, 0x5412]), errno(1), 'typing into the terminal');
  });

  test(`${machine}: another machine's numbers, other ABIs and unknown calls get nowhere`, () => {
    const i386 = 0x40000003;
    assert.equal(verdict(alone, { architecture: i386, number: 1 }), KILL);
    assert.equal(verdict(alone, { architecture, number: 9999 }), errno(38));
    assert.equal(verdict(alone, { architecture, number: 0x40000000 }), machine === 'x64' ? KILL : errno(38));
    assert.equal(verdict(alone, { architecture, number: machine === 'x64' ? 0 : 63 }), ALLOW, 'read');
  });
}

test('the numbers of calls are all different', () => {
  const calls = [
    'socket',
    'bind',
    'listen',
    'mmap',
    'ioctl',
    'clone',
    'ptrace',
    'bpf',
    'mount',
    'unshare',
  ] as const;
  for (const machine of MACHINES) {
    const numbers = calls.map((call) => numberOf(call, machine));
    assert.equal(new Set(numbers).size, calls.length);
  }
});
