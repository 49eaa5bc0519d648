import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { ServiceDefinition } from './definition.ts';
import { LAUNCHD_LABEL, launchdPlist } from './launchd.ts';
import { SYSTEMD_UNIT, systemdUnit } from './systemd.ts';
import { TASK_NAME, windowsTask } from './windows-task.ts';

export type ServiceState = 'running' | 'starting' | 'failed' | 'stopped';

/** A command of the operating system. */
export type SystemCommand = readonly [string, ...string[]];

/** How an operating system keeps a program of a user running. */
export interface ServiceSystem {
  readonly name: string;
  /** The file that defines the service. */
  readonly path: string;
  readonly encoding: 'utf8' | 'utf16le';
  readonly text: (definition: ServiceDefinition) => string;
  /** Succeeds where the system can be used in this session. */
  readonly probe: SystemCommand;
  /** What to do where the probe fails. */
  readonly advice: string;
  /** End a previous instance; a failure means that there was none. */
  readonly clear: readonly SystemCommand[];
  /** Begin to run the service after its file was written. */
  readonly start: readonly SystemCommand[];
  /** Forget the service after its file is gone; a failure means that nothing was left. */
  readonly forget: readonly SystemCommand[];
  /** Its output and exit code tell the state. */
  readonly query: SystemCommand;
  readonly stateOf: (code: number, output: string) => ServiceState;
  /** How to read what the node writes. */
  readonly logs: string;
}

const systemctl = (...args: string[]): SystemCommand => ['systemctl', '--user', ...args];

const SYSTEMD_STATES: Readonly<Record<string, ServiceState>> = {
  active: 'running',
  activating: 'starting',
  reloading: 'running',
  failed: 'failed',
};

function systemd(): ServiceSystem {
  const config = process.env.XDG_CONFIG_HOME || join(homedir(), '.config');
  return {
    name: 'systemd',
    path: join(config, 'systemd/user', SYSTEMD_UNIT),
    encoding: 'utf8',
    text: systemdUnit,
    probe: systemctl('show-environment'),
    advice:
      'log in directly rather than with su or sudo, or run "sudo loginctl enable-linger" for your user and log in again; ' +
      'without systemd, let your init system run "bitorch start"',
    clear: [systemctl('disable', '--now', SYSTEMD_UNIT)],
    start: [
      systemctl('daemon-reload'),
      systemctl('reset-failed'),
      systemctl('enable', SYSTEMD_UNIT),
      systemctl('restart', SYSTEMD_UNIT),
    ],
    forget: [systemctl('daemon-reload'), systemctl('reset-failed', SYSTEMD_UNIT)],
    query: systemctl('is-active', SYSTEMD_UNIT),
    stateOf: (_code, output) => SYSTEMD_STATES[output.trim()] ?? 'stopped',
    logs: 'journalctl --user --unit bitorch',
  };
}

function launchd(): ServiceSystem {
  const domain = `gui/${userInfo().uid}`;
  const service = `${domain}/${LAUNCHD_LABEL}`;
  const path = join(homedir(), 'Library/LaunchAgents', `${LAUNCHD_LABEL}.plist`);
  const logFile = join(homedir(), 'Library/Logs/bitorch.log');
  const remove: SystemCommand = ['launchctl', 'bootout', service];
  return {
    name: 'launchd',
    path,
    encoding: 'utf8',
    text: (definition) => launchdPlist(definition, logFile),
    probe: ['launchctl', 'print', domain],
    advice: 'log in at the screen first',
    clear: [remove],
    start: [['launchctl', 'bootstrap', domain, path]],
    forget: [],
    query: ['launchctl', 'print', service],
    stateOf: (code, output) => (code === 0 && /state = running/.test(output) ? 'running' : 'stopped'),
    logs: `tail -f "${logFile}"`,
  };
}

function taskScheduler(): ServiceSystem {
  const { LOCALAPPDATA = join(homedir(), 'AppData/Local'), USERDOMAIN, USERNAME } = process.env;
  const path = join(LOCALAPPDATA, 'bitorch', 'service.xml');
  const user = USERDOMAIN ? `${USERDOMAIN}\\${USERNAME}` : userInfo().username;
  const task = (verb: string, ...args: string[]): SystemCommand => [
    'schtasks',
    verb,
    '/TN',
    TASK_NAME,
    ...args,
  ];
  return {
    name: 'Task Scheduler',
    path,
    encoding: 'utf16le',
    text: (definition) => `\uFEFF${windowsTask(definition, user)}`,
    probe: ['schtasks', '/Query'],
    advice: 'start the service "Task Scheduler"',
    clear: [task('/End'), task('/Delete', '/F')],
    start: [task('/Create', '/XML', path, '/F'), task('/Run')],
    forget: [],
    query: task('/Query', '/FO', 'LIST'),
    stateOf: (code, output) => (code === 0 && /Running/.test(output) ? 'running' : 'stopped'),
    logs: 'the window of the task shows them',
  };
}

const SYSTEMS: Readonly<Record<string, () => ServiceSystem>> = {
  linux: systemd,
  darwin: launchd,
  win32: taskScheduler,
};

/** The system of `platform`; undefined when none is known. */
export const serviceSystem = (platform: NodeJS.Platform = process.platform): ServiceSystem | undefined =>
  SYSTEMS[platform]?.();
