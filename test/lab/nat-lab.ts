import { execFileSync } from 'node:child_process';

/**
 * Homes behind routers, and public nodes, in network namespaces of this machine. Nothing of it is connected with the real
 * network. The routers are Linux's own: netfilter translates addresses and drops what nobody inside has asked for.
 *
 *     home ── 192.168.N.0/24 ── router ── 45.1.N.0/24 ── internet ── 45.1.M.0/24 ── public node
 */

/**
 * How a router maps and filters (RFC 4787). `full-cone`: all ports of its address lead to the home. `port-restricted`: a port
 * stays the same for all peers, and lets in whom the home has sent to. `symmetric`: another port for each peer.
 */
export type NatKind = 'full-cone' | 'port-restricted' | 'symmetric';

export interface Home {
  /** Name of the network namespace. */
  readonly namespace: string;
  readonly address: string;
  /** The router's public address. */
  readonly outside: string;
}

export interface PublicPlace {
  readonly namespace: string;
  readonly address: string;
}

const LAN_HOST = 2;

/** Why the lab cannot be built on this machine; undefined when it can. */
export function labProblem(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are a feature of Linux';
  if (process.getuid?.() !== 0) return 'only root may make network namespaces';
  const probe = `bt${process.pid}p`;
  try {
    run('ip', 'netns', 'add', probe);
  } catch (error) {
    return `"ip netns add" does not work here: ${reasonOf(error)}`;
  }
  try {
    inside(probe, 'iptables', '-t', 'nat', '-A', 'POSTROUTING', '-j', 'MASQUERADE', '--random-fully');
    inside(probe, 'iptables', '-A', 'INPUT', '-m', 'conntrack', '--ctstate', 'ESTABLISHED', '-j', 'ACCEPT');
    return undefined;
  } catch (error) {
    return `iptables cannot translate addresses in a namespace here: ${reasonOf(error)}`;
  } finally {
    run('ip', 'netns', 'del', probe);
  }
}

export class NatLab {
  /** Distinguishes the namespaces and interfaces of several labs; interface names have at most 15 characters. */
  readonly #prefix =
    `bt${(process.pid % 10_000).toString(36)}${Math.floor(Math.random() * 36 ** 2).toString(36)}`;
  readonly #namespaces: string[] = [];
  readonly #internet: string;
  #networks = 0;

  constructor() {
    this.#internet = this.#namespace('net');
    inside(this.#internet, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
  }

  /** A machine with a public address. */
  publicPlace(): PublicPlace {
    const network = ++this.#networks;
    const namespace = this.#namespace(`p${network}`);
    const address = this.#attach(namespace, network);
    return { namespace, address };
  }

  /** Whether this kernel can delay packets: it has netem. */
  get canDelay(): boolean {
    try {
      inside(this.#internet, 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', '1ms');
      inside(this.#internet, 'tc', 'qdisc', 'del', 'dev', 'lo', 'root');
      return true;
    } catch {
      return false;
    }
  }

  /** A machine behind a router. `loss`: share of the packets that the router drops, each way. `delayMs`: on what it sends. */
  home(kind: NatKind, { loss = 0, delayMs = 0 }: { loss?: number; delayMs?: number } = {}): Home {
    const network = ++this.#networks;
    const router = this.#namespace(`r${network}`);
    const namespace = this.#namespace(`h${network}`);
    const outside = this.#attach(router, network);
    const address = `192.168.${network}.${LAN_HOST}`;
    this.#connect(router, `192.168.${network}.1`, namespace, address);
    inside(namespace, 'ip', 'route', 'add', 'default', 'via', `192.168.${network}.1`);
    inside(router, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
    this.#translate(router, { kind, home: address });
    if (loss > 0) {
      const random = ['-m', 'statistic', '--mode', 'random', '--probability', `${loss}`];
      inside(router, 'iptables', '-I', 'FORWARD', '1', ...random, '-j', 'DROP');
    }
    if (delayMs > 0)
      inside(router, 'tc', 'qdisc', 'add', 'dev', 'wan', 'root', 'netem', 'delay', `${delayMs}ms`);
    return { namespace, address, outside };
  }

  /** Deletes the namespaces, and with them their interfaces and rules. */
  stop(): void {
    for (const namespace of this.#namespaces) run('ip', 'netns', 'del', namespace);
  }

  #translate(router: string, { kind, home }: { kind: NatKind; home: string }): void {
    const random = kind === 'symmetric' ? ['--random-fully'] : [];
    inside(router, 'iptables', '-t', 'nat', '-A', 'POSTROUTING', '-o', 'wan', '-j', 'MASQUERADE', ...random);
    const known = ['-m', 'conntrack', '--ctstate', 'ESTABLISHED,RELATED', '-j', 'ACCEPT'];
    if (kind === 'full-cone') {
      inside(router, 'iptables', '-t', 'nat', '-A', 'PREROUTING', '-i', 'wan', '-j', 'DNAT', '--to', home);
      return;
    }
    // Silence, as most routers for homes do it: a refusal would end the peer's attempt at once.
    for (const chain of ['INPUT', 'FORWARD']) {
      inside(router, 'iptables', '-A', chain, '-i', 'wan', ...known);
      inside(router, 'iptables', '-A', chain, '-i', 'wan', '-j', 'DROP');
    }
  }

  /** Connects a machine with the internet; returns its address there. */
  #attach(namespace: string, network: number): string {
    const [gateway, address] = [`45.1.${network}.1`, `45.1.${network}.2`];
    this.#connect(this.#internet, gateway, namespace, address, 'wan');
    inside(namespace, 'ip', 'route', 'add', 'default', 'via', gateway);
    return address;
  }

  #connect(from: string, fromAddress: string, to: string, toAddress: string, name = 'lan'): void {
    const [a, b] = [`${this.#prefix}a`, `${this.#prefix}b`];
    run('ip', 'link', 'add', a, 'netns', from, 'type', 'veth', 'peer', 'name', b, 'netns', to);
    const near = `${name}${this.#namespaces.length}${this.#networks}`;
    inside(from, 'ip', 'link', 'set', a, 'name', near);
    inside(to, 'ip', 'link', 'set', b, 'name', name);
    for (const [namespace, device, address] of [
      [from, near, fromAddress],
      [to, name, toAddress],
    ] as const) {
      inside(namespace, 'ip', 'address', 'add', `${address}/24`, 'dev', device);
      inside(namespace, 'ip', 'link', 'set', device, 'up');
    }
  }

  #namespace(name: string): string {
    const namespace = `${this.#prefix}${name}`;
    run('ip', 'netns', 'add', namespace);
    this.#namespaces.push(namespace);
    inside(namespace, 'ip', 'link', 'set', 'lo', 'up');
    return namespace;
  }
}

/** The command line that runs a program inside a namespace. */
export const commandInside = (namespace: string, ...command: string[]): string[] => [
  'ip',
  'netns',
  'exec',
  namespace,
  ...command,
];

const inside = (namespace: string, ...command: string[]): string =>
  run(...(commandInside(namespace, ...command) as [string, ...string[]]));

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

const reasonOf = (error: unknown): string => {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr || message).trim().split('\n').at(-1)!;
};
