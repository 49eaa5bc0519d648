/** Two machines in one private network, as network namespaces of Linux that a pair of virtual interfaces joins. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import type { TestContext } from 'node:test';
import { afterwards } from './swarm.ts';

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

/** Why this machine cannot make network namespaces; undefined when it can. */
export function namespacesLacking(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are a feature of Linux';
  if (process.getuid?.() !== 0) return 'only root may make network namespaces';
  const probe = `bitorch-probe-${process.pid}`;
  try {
    ip('netns', 'add', probe);
    ip('netns', 'delete', probe);
    return undefined;
  } catch (error) {
    return `no network namespace can be made: ${(error as Error).message.split('\n')[0]}`;
  }
}

/** A running program and what it has printed. */
export interface Program {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** The match once the output has it. Rejects when the program ends before. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends SIGINT; resolves when the program has ended. */
  interrupt(): Promise<void>;
}

/** A machine of its own: programs in it see only its interfaces. */
export interface Machine {
  readonly address: string;
  run(command: string, ...args: string[]): Program;
}

/** Two machines that reach each other at 10.77.0.1 and 10.77.0.2. They are removed after the test, with what runs in them. */
export function twoMachines(t: TestContext): [Machine, Machine] {
  const names = ['a', 'b'].map((letter) => `bitorch-${letter}-${process.pid}`) as [string, string];
  for (const name of names) {
    ip('netns', 'add', name);
    afterwards(t, () => ip('netns', 'delete', name));
    ip('-n', name, 'link', 'set', 'lo', 'up');
  }
  ip('link', 'add', 'eth0', 'netns', names[0], 'type', 'veth', 'peer', 'name', 'eth0', 'netns', names[1]);
  const machines = names.map((name, i): Machine => {
    const address = `10.77.0.${i + 1}`;
    ip('-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0');
    ip('-n', name, 'link', 'set', 'eth0', 'up');
    return { address, run: (...command) => runIn(t, name, command) };
  });
  return machines as [Machine, Machine];
}

function runIn(t: TestContext, name: string, command: readonly string[]): Program {
  const child = spawn('ip', ['netns', 'exec', name, ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const look = new Set<() => void>();
  const hear = (chunk?: Buffer) => {
    output += chunk ?? '';
    for (const one of look) one();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  void ended.then(() => hear());
  const interrupt = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
    await ended;
  };
  afterwards(t, interrupt);
  const until = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const check = () => {
        const found = pattern.exec(output);
        const isOver = child.exitCode !== null || child.signalCode !== null;
        if (!found && !isOver) return;
        look.delete(check);
        if (found) resolve(found);
        else reject(new Error(`${command.slice(1, 3).join(' ')} ended before ${pattern}:\n${output}`));
      };
      look.add(check);
      check();
    });
  return { child, output: () => output, until, interrupt };
}
