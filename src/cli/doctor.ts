import { join } from 'node:path';
import { BitorchError, codeOf, dataDirectory, messageOf, parseJson, readTextFile } from '#base';
import type { CheckView, DoctorView } from '#node';
import { askNode, type NodeFlags, nodeCommand, print, printJson } from './chain/api.ts';
import { demandFreePort } from './free-port.ts';

/** `bitorch doctor`: what may keep the node from its part in the network, in lines that are safe to publish. */
export const doctorCommand = nodeCommand(
  'doctor',
  'check network, addresses, clock, disk, ports, engine, sandbox and chain; exit code 1 if there is a problem',
).action(async (flags: NodeFlags) => {
  const report = await reportOf(flags);
  if (flags.json) printJson(report);
  else for (const line of doctorLines(report)) print(line);
  if (!report.healthy) process.exitCode = 1;
});

/** The running node's report, else one of this machine. */
async function reportOf(flags: NodeFlags): Promise<DoctorView> {
  try {
    return await askNode<DoctorView>(flags, '/api/doctor');
  } catch (error) {
    const { home = dataDirectory() } = flags;
    const { doctorReport, examineMachine, machineChecks } = await import('#node');
    const machine = machineChecks(await examineMachine(home), false);
    return doctorReport([absentCheck(error), await portsCheck(home), ...machine]);
  }
}

/** Why no node has answered. */
export function absentCheck(error: unknown): CheckView {
  if (codeOf(error) === 'NODE_MISSING')
    return { name: 'node', state: 'note', text: 'no node is running here: start one with "bitorch start"' };
  return { name: 'node', state: 'problem', text: messageOf(error) };
}

/** Options of config.json that name a port. */
const PORTS = ['port', 'linkPort', 'swarmPort', 'trackerPort'];

/** Whether the ports that config.json names are free. */
async function portsCheck(home: string): Promise<CheckView> {
  const name = 'ports';
  try {
    const ports = await configuredPorts(join(home, 'config.json'));
    for (const port of ports) await demandFreePort(port);
    const text = ports.length > 0 ? `${ports.join(', ')} are free` : 'any free ports are used';
    return { name, state: 'ok', text };
  } catch (error) {
    const { port } = (error instanceof BitorchError ? error.details : {}) as { port?: number };
    if (port === undefined)
      return { name, state: 'problem', text: messageOf(error), fix: 'correct config.json' };
    const fix = 'end that program, or choose another port in config.json';
    return { name, state: 'problem', text: `another program uses port ${port}`, fix };
  }
}

async function configuredPorts(path: string): Promise<number[]> {
  const config = await readTextFile(path).then(parseJson, (error: unknown) => {
    if (codeOf(error) === 'ENOENT') return {};
    throw error;
  });
  const values = Object.entries(config as object).filter(([name]) => PORTS.includes(name));
  return values.map(([, value]) => Number(value)).filter((port) => port > 0);
}

const MARKS = { ok: 'ok', note: '-', problem: 'PROBLEM' } as const;

/** The lines of the terminal: state, name and text of each check, and below a problem what to do. */
export function doctorLines({ checks, healthy }: DoctorView): string[] {
  const lines = checks.flatMap(({ name, state, text, fix }) => [
    `${MARKS[state].padEnd(8)} ${name.padEnd(10)} ${text}`,
    ...(fix === undefined ? [] : [`${' '.repeat(20)}fix: ${fix}`]),
  ]);
  const problems = checks.filter(({ state }) => state === 'problem').length;
  const end = `${problems} ${problems === 1 ? 'problem' : 'problems'} found.`;
  return [...lines, '', healthy ? 'No problem was found.' : end];
}
