/** Escapes tried from inside: needs Debian's bubblewrap and perl. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  type GroupHome,
  groupHome,
  type Limits,
  runInSandbox,
  sandboxAvailability,
} from '../../../src/security/sandbox/index.ts';
import { numberOf, type SystemCall } from '../../../src/security/sandbox/system-calls.ts';

const state = await sandboxAvailability();
const skip = state.available ? false : `no sandbox: ${state.reason}`;
const PERL = '/usr/bin/perl';
const skipPerl = skip || (existsSync(PERL) ? false : 'no perl');

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bitorch-sandbox-'));
  await chmod(folder, 0o755);
  await writeFile(join(folder, 'model.bin'), 'weights');
});
after(() => rm(folder, { recursive: true, force: true }));

/** Who keeps to the limits: the kernel where control groups can be made here, and our own looks. */
const KEEPERS: readonly (readonly [name: string, groups: GroupHome | null, skip: string | false])[] = [
  ['the kernel', groupHome() ?? null, groupHome() ? skip : 'no control groups can be made here'],
  ['looks from outside', null, skip],
];

async function inside(
  command: [string, ...string[]],
  limits: Partial<Limits> = {},
  groups?: GroupHome | null,
) {
  const readOnly = [{ path: process.execPath }, { path: folder, at: '/model' }];
  const outcome = await runInSandbox(
    { command, readOnly, limits: { timeMs: 20_000, ...limits } },
    groups === undefined ? {} : { groups },
  );
  return { ...outcome, text: Buffer.from(outcome.output).toString() };
}
const js = (code: string, limits?: Partial<Limits>, groups?: GroupHome | null) =>
  inside([process.execPath, '-e', code], limits, groups);
const perl = (code: string, limits?: Partial<Limits>, groups?: GroupHome | null) =>
  inside([PERL, '-e', `$| = 1; ${code}`], limits, groups);

test('a plain program runs, and reads what it was given', { skip }, async () => {
  const { ending, exitCode, text } = await js('console.log(fs.readFileSync("/model/model.bin", "utf8"))');
  assert.deepEqual([ending, exitCode, text], ['exited', 0, 'weights\n']);
});

test('a node of root reads its private files in the sandbox too, and is no less shut in', {
  skip,
}, async () => {
  await chmod(folder, 0o700);
  const { text } = await js('console.log(fs.readFileSync("/model/model.bin", "utf8"))');
  const code =
    'try { fs.writeFileSync("/proc/sys/kernel/core_pattern", "x") } catch (e) { console.log(e.code) }';
  assert.match((await js(code)).text, /EROFS|EACCES/);
  await chmod(folder, 0o755);
  assert.equal(text, 'weights\n');
});

test('the network: a socket ends the process, and there is no interface to use', { skip }, async () => {
  assert.equal((await js('net.connect(80, "127.0.0.1")')).ending, 'forbidden-call');
  assert.equal((await js('dgram.createSocket("udp4").bind(0)')).ending, 'forbidden-call');
  const { text } = await js(
    'try { fs.readFileSync("/proc/net/route") } catch (e) {}; console.log(Object.keys(os.networkInterfaces()).length)',
  );
  assert.doesNotMatch(text, /[1-9]/);
});

test('nothing can be written but /tmp, and little there', { skip }, async () => {
  const write = (path: string, bytes = 1) =>
    `try { fs.writeFileSync("${path}", Buffer.alloc(${bytes})); console.log("written") } catch (e) { console.log(e.code) }`;
  for (const path of ['/x', '/model/model.bin', '/model/x', '/usr/x', '/dev/x'])
    assert.match((await js(write(path))).text, /EROFS|EACCES|EPERM|ENOENT/, path);
  const system = ['kernel/core_pattern', 'kernel/hostname', 'vm/drop_caches'].map(
    (name) => `/proc/sys/${name}`,
  );
  for (const path of [
    ...system,
    '/proc/sysrq-trigger',
    '/proc/irq/default_smp_affinity',
    '/proc/self/oom_score_adj',
  ])
    assert.match((await js(write(path))).text, /EROFS|EACCES|EPERM|ENOENT/, path);
  assert.match((await js(write('/tmp/x'))).text, /written/);
  assert.match((await js(write('/tmp/x', 2 ** 21), { temporaryBytes: 2 ** 20 })).text, /EFBIG|ENOSPC/);
  const many = 'for (let i = 0; i < 64; i++) fs.writeFileSync("/tmp/" + i, Buffer.alloc(2 ** 18))';
  assert.match((await js(many, { temporaryBytes: 2 ** 20 })).errors, /ENOSPC/);
  assert.equal(await readFile(join(folder, 'model.bin'), 'utf8'), 'weights');
});

test('files of the machine are not there', { skip }, async () => {
  const paths = [
    '/etc/passwd',
    '/etc/shadow',
    '/root',
    '/home',
    '/var',
    '/sys',
    '/run',
    '/boot',
    '/dev/zero',
    '/dev/shm',
  ];
  const { text } = await js(
    `console.log(JSON.stringify(${JSON.stringify(paths)}.filter((p) => fs.existsSync(p))))`,
  );
  assert.deepEqual(JSON.parse(text), []);
});

const MEMORY = 300 * 2 ** 20;

for (const [keeper, groups, without] of KEEPERS) {
  test(`a fork bomb does not begin, or is ended as a whole: ${keeper}`, {
    skip: without || skipPerl,
  }, async () => {
    const fork = await perl('print defined(fork) ? "forked" : "refused: $!"', {}, groups);
    assert.match(fork.text, /refused/);
    const bomb = await perl('while (1) { fork }', { processes: 8 }, groups);
    assert.equal(bomb.ending, 'processes');
    assert.ok(bomb.usage.processes > 8);
  });

  test(`a memory bomb is ended, whichever memory it takes: ${keeper}`, { skip: without }, async () => {
    const limits = { memoryBytes: MEMORY };
    const bomb = await js('const all = []; for (;;) all.push(Buffer.alloc(2 ** 23, 1))', limits, groups);
    assert.equal(bomb.ending, 'memory');
    const shared =
      'const all = []; for (;;) { const m = new SharedArrayBuffer(2 ** 24); new Uint8Array(m).fill(1); all.push(m) }';
    assert.equal((await js(shared, limits, groups)).ending, 'memory');
    // The kernel gives not a byte more.
    if (groups) assert.ok(bomb.usage.peakMemoryBytes <= MEMORY, `${bomb.usage.peakMemoryBytes} bytes`);
  });

  test(`many processes take no more memory together than one: ${keeper}`, {
    skip: without || skipPerl,
  }, async () => {
    const each = 'for (1 .. 12) { next if fork; my $x = "x" x (60 << 20); sleep 30; exit } wait for 1 .. 12';
    const { ending } = await perl(each, { memoryBytes: MEMORY, processes: 16 }, groups);
    assert.equal(ending, 'memory');
  });

  test(`what it used is told: ${keeper}`, { skip: without }, async () => {
    const { ending, usage } = await js('Buffer.alloc(200 << 20, 1); setTimeout(() => {}, 300)', {}, groups);
    assert.equal(ending, 'exited');
    assert.ok(usage.peakMemoryBytes > 200 << 20, `${usage.peakMemoryBytes} bytes`);
    assert.ok(usage.peakMemoryBytes < 2 ** 30, `${usage.peakMemoryBytes} bytes`);
  });
}

test('nothing is left of a group', { skip: KEEPERS[0]![2] }, async () => {
  const { memory } = groupHome()!;
  await js('1');
  assert.deepEqual(
    readdirSync(memory).filter((name) => name.startsWith(`bitorch-sandbox-${process.pid}-`)),
    [],
  );
});

test('each call to tracing, kernel, mounts, namespaces and keys ends the process', {
  skip: skipPerl,
}, async () => {
  const machine = process.arch === 'arm64' ? 'arm64' : 'x64';
  const calls: SystemCall[] = ['ptrace', 'process_vm_readv', 'mount', 'unshare', 'setns', 'bpf', 'keyctl'];
  calls.push('init_module', 'kexec_load', 'perf_event_open', 'userfaultfd', 'open_by_handle_at', 'chroot');
  for (const call of calls) {
    const { ending, text } = await perl(`syscall(${numberOf(call, machine)}, 0, 0, 0, 0, 0); print "alive"`);
    assert.deepEqual([call, ending, text], [call, 'forbidden-call', '']);
  }
  const { text } = await perl(`print syscall(${numberOf('memfd_create', machine)}, 0, 0), " $!"`);
  assert.match(text, /-1 Operation not permitted/);
});

test('other processes are neither seen nor signalled', { skip }, async () => {
  const { text } = await js(
    'console.log(JSON.stringify(fs.readdirSync("/proc").filter((n) => /^\\d+$/.test(n))))',
  );
  assert.ok(
    JSON.parse(text).every((pid: string) => Number(pid) <= 3),
    text,
  );
  const other = spawn('sleep', ['60']);
  const { text: killed } = await js(
    `try { process.kill(${other.pid}, 9); console.log("killed") } catch (e) { console.log(e.code) }`,
  );
  assert.match(killed, /ESRCH/);
  await js('process.kill(-1, "SIGKILL")');
  assert.equal(other.exitCode ?? other.signalCode, null, 'a signal to all reaches only the sandbox');
  other.kill();
});

test('the environment, the host name and the arguments of the node stay outside', { skip }, async () => {
  process.env.SANDBOX_TEST_SECRET = 'hunter2';
  const read = (path: string) =>
    `(() => { try { return fs.readFileSync("${path}", "utf8") } catch (e) { return e.code } })()`;
  const code = `console.log(JSON.stringify(process.env), os.hostname(), ${read('/proc/1/environ')}, ${read('/proc/1/cmdline')})`;
  const { text } = await js(code);
  delete process.env.SANDBOX_TEST_SECRET;
  assert.match(text, /^\{"PATH":"\/usr\/bin:\/bin","HOME":"\/tmp","LANG":"C.UTF-8","PWD":"\/tmp"\} sandbox /);
  assert.doesNotMatch(text, /hunter2/);
  assert.doesNotMatch(
    text,
    new RegExp(execFileSync('hostname').toString().trim().replace(/\W/g, '.').concat('$')),
  );
});

test('a loop without end is ended by the clock, and by processor time', { skip }, async () => {
  assert.equal((await js('for (;;);', { timeMs: 700 })).ending, 'time');
  assert.equal((await js('for (;;);', { cpuSeconds: 1 })).ending, 'time');
});

test('output without end is cut and ends the process', { skip }, async () => {
  const code = 'const b = Buffer.alloc(2 ** 16, 120); for (;;) fs.writeSync(1, b)';
  const { ending, output } = await js(code, { outputBytes: 2 ** 20 });
  assert.deepEqual([ending, output.length], ['output', 2 ** 20]);
});

test('an abort ends it, and so does the death of the node that started it', { skip }, async () => {
  const signal = AbortSignal.timeout(300);
  await assert.rejects(
    runInSandbox({
      command: [process.execPath, '-e', 'for (;;);'],
      readOnly: [{ path: process.execPath }],
      signal,
    }),
    { name: 'TimeoutError' },
  );
  const mark = `mark${process.pid}`;
  const sandbox = new URL('../../../src/security/sandbox/index.ts', import.meta.url);
  const code = `import { runInSandbox } from '${sandbox}';
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1500);
    await runInSandbox({ command: [process.execPath, '-e', 'for (;;);', '${mark}'], readOnly: [{ path: process.execPath }] });`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' });
  await new Promise((resolve) => parent.once('exit', resolve));
  const running = () =>
    execFileSync('ps', ['-eo', 'args'])
      .toString()
      .split('\n')
      .filter((line) => line.includes(mark) && !line.includes('import'));
  while (running().length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
});

test('files that were left open by who started the node stay outside', { skip }, async () => {
  const run = `
    import { runInSandbox } from '${new URL('../../../src/security/sandbox/index.ts', import.meta.url).pathname}';
    const code = 'for (const fd of fs.readdirSync("/proc/self/fd")) { try { console.log(fd, fs.readlinkSync("/proc/self/fd/" + fd)) } catch {} }';
    const { output } = await runInSandbox({ command: [process.execPath, '-e', code], readOnly: [{ path: process.execPath }] });
    console.log(Buffer.from(output).toString());`;
  const program = join(folder, 'run.ts');
  await writeFile(program, run);
  const secret = join(folder, 'secret');
  await writeFile(secret, 'a secret');
  const shell = `exec 19<"$1" 200<"$1" 300<"$1"; exec "$2" --disable-warning=ExperimentalWarning "$3"`;
  const open = execFileSync('/bin/bash', ['-c', shell, 'bash', secret, process.execPath, program]).toString();
  assert.match(open, /^0 /m);
  assert.doesNotMatch(open, /secret/);
});
