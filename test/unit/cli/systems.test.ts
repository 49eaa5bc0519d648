import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { keptOptions, type ServiceDefinition } from '../../../src/cli/service/definition.ts';
import { launchdPlist } from '../../../src/cli/service/launchd.ts';
import { systemdUnit } from '../../../src/cli/service/systemd.ts';
import { serviceSystem } from '../../../src/cli/service/systems.ts';
import { windowsTask } from '../../../src/cli/service/windows-task.ts';
import { temporaryDirectory } from '../../support/swarm.ts';

const DEFINITION: ServiceDefinition = {
  program: ['/usr/bin/true', '/opt/bi torch/main.ts'],
  options: ['--home', '/home/a b', '--name', '50% <of> "$HOME" & \\more\\'],
};

/** The elements of an XML document as a list of `path = text`. Fails where a tag is not closed. */
function elements(xml: string): string[] {
  const open: string[] = [];
  const found: string[] = [];
  const body = xml.replace(/<!--(?:(?!--)[\s\S])*-->|<\?[^?]*\?>|<!DOCTYPE[^>]*>/g, '');
  for (const [, end, name, self, text = ''] of body.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>([^<]*)/g)) {
    if (end) assert.equal(open.pop(), name);
    else if (!self) open.push(name!);
    const content = text.trim().replace(/&(lt|gt|quot|amp);/g, (_, entity: string) => ENTITIES[entity]!);
    if (content !== '') found.push(`${open.join('/')} = ${content}`);
  }
  assert.deepEqual(open, []);
  return found;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&' };

test('a unit of systemd restarts after failures, starts at login, and leaves room for the sandbox', () => {
  const unit = systemdUnit(DEFINITION);
  const lines = unit.split('\n');
  assert.ok(
    lines.includes(
      'ExecStart="/usr/bin/true" "/opt/bi torch/main.ts" "start" "--home" "/home/a b" ' +
        '"--name" "50%% <of> \\"$$HOME\\" & \\\\more\\\\"',
    ),
    unit,
  );
  for (const line of ['Restart=on-failure', 'WantedBy=default.target', 'NoNewPrivileges=yes'])
    assert.ok(lines.includes(line), line);
  // What bubblewrap or V8 could not run under.
  assert.doesNotMatch(unit, /^(RestrictNamespaces|SystemCallFilter|MemoryDenyWrite|Protect|Private)/m);
  assert.deepEqual(keptOptions(unit), DEFINITION.options);
});

test('systemd itself finds nothing wrong with the unit', async (t) => {
  const run = promisify(execFile);
  const analyze = (...args: string[]) => run('systemd-analyze', args, { timeout: 60_000 });
  const isThere = await analyze('--version').then(
    () => true,
    () => false,
  );
  if (!isThere) return t.skip('systemd-analyze is not installed');
  const path = join(await temporaryDirectory(t), 'bitorch.service');
  await writeFile(path, systemdUnit({ ...DEFINITION, program: ['/usr/bin/true'] }));
  const { stdout, stderr } = await analyze('verify', '--man=no', path);
  const about = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('bitorch.service'));
  assert.deepEqual(about, []);
});

test('a launch agent of macOS holds the command and restarts after failures', () => {
  const plist = launchdPlist(DEFINITION, '/Users/a/Library/Logs/bitorch.log');
  const found = elements(plist);
  const strings = found.filter((line) => line.startsWith('plist/dict/array/string = '));
  assert.deepEqual(
    strings.map((line) => line.slice('plist/dict/array/string = '.length)),
    [...DEFINITION.program, 'start', ...DEFINITION.options],
  );
  assert.match(plist, /<key>RunAtLoad<\/key>\s*<true\/>/);
  assert.match(plist, /<key>KeepAlive<\/key>\s*<dict>\s*<key>SuccessfulExit<\/key>\s*<false\/>/);
  assert.deepEqual(keptOptions(plist), DEFINITION.options);
});

test('a task of Windows holds the command, quoted for its parser, and has no time limit', () => {
  const task = windowsTask({ ...DEFINITION, program: ['C:\\node.exe', 'C:\\a b\\'] }, 'PC\\Ann & co');
  const found = elements(task);
  const exec = 'Task/Actions/Exec';
  assert.ok(found.includes(`${exec}/Command = C:\\node.exe`));
  assert.ok(
    found.includes(
      `${exec}/Arguments = "C:\\a b\\\\" start --home "/home/a b" --name "50% <of> \\"$HOME\\" & \\more\\\\"`,
    ),
    found.join('\n'),
  );
  assert.ok(found.includes('Task/Triggers/LogonTrigger/UserId = PC\\Ann & co'));
  assert.ok(found.includes('Task/Settings/ExecutionTimeLimit = PT0S'));
  assert.ok(found.includes('Task/Settings/RestartOnFailure/Interval = PT1M'));
  assert.deepEqual(keptOptions(task), DEFINITION.options);
});

test('three operating systems have services', () => {
  const names = (['linux', 'darwin', 'win32', 'freebsd'] as const).map((each) => serviceSystem(each)?.name);
  assert.deepEqual(names, ['systemd', 'launchd', 'Task Scheduler', undefined]);
});
