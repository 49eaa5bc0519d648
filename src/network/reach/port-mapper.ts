import { readFile } from 'node:fs/promises';
import { type Gateway, pmpNat, upnpNat } from '@achingbrain/nat-port-mapper';
import { type Logger, messageOf } from '#base';
import { multiaddrOf, parseDialable } from '../dialable.ts';

const SEARCH_MS = 10_000;
const SEARCH_AGAIN_MS = 15 * 60_000;
/** The lease; the package renews it before it ends. A router forgets the mapping of a node that has crashed. */
const LEASE_MS = 60 * 60_000;
const MAX_GATEWAYS = 2;
const OPTIONS = { ttl: LEASE_MS, description: 'Bitorch', autoRefresh: true };

/** A router that maps ports. */
export type PortGateway = Pick<Gateway, 'mapAll' | 'stop'>;

interface MapperDependencies {
  readonly log: Logger;
  readonly onChange: () => void;
  /** The routers of the local network, by UPnP, then by NAT-PMP. */
  readonly gateways?: (signal: AbortSignal) => AsyncIterable<PortGateway>;
}

/**
 * Asks the routers of the local network to map ports to this node. Anybody there may pose as a router, so what it says is
 * announced only when a stranger has got through.
 */
export class PortMapper {
  readonly #deps: MapperDependencies;
  readonly #ports: readonly number[];
  readonly #mapped = new Set<string>();
  readonly #gateways: PortGateway[] = [];
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  /** `ports`: TCP ports of this machine; a mapping to the first one is an address of this node. */
  constructor(ports: readonly number[], dependencies: MapperDependencies) {
    this.#ports = ports;
    this.#deps = dependencies;
  }

  /** Public multiaddrs that the routers say lead to the first port. */
  get mapped(): string[] {
    return [...this.#mapped];
  }

  /** Searches for routers now, and again until one maps the ports. */
  async start(): Promise<void> {
    await this.#search();
    if (this.#mapped.size > 0 || this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => void this.start(), SEARCH_AGAIN_MS).unref();
  }

  /** Takes the mappings back. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await Promise.allSettled(
      this.#gateways.map((gateway) => gateway.stop({ signal: AbortSignal.timeout(SEARCH_MS / 4) })),
    );
  }

  async #search(): Promise<void> {
    const { gateways = findGateways, log } = this.#deps;
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(SEARCH_MS)]);
    try {
      for await (const gateway of gateways(signal)) {
        this.#gateways.push(gateway);
        await this.#mapOn(gateway, signal);
        if (this.#mapped.size > 0 || this.#gateways.length >= MAX_GATEWAYS) return;
      }
    } catch (error) {
      log.debug({ error: messageOf(error) }, 'no router maps ports');
    }
  }

  async #mapOn(gateway: PortGateway, signal: AbortSignal): Promise<void> {
    for (const [index, port] of this.#ports.entries()) {
      try {
        for await (const { externalHost, externalPort } of gateway.mapAll(port, {
          signal,
          protocol: 'TCP',
        })) {
          const place = parseDialable(externalHost, externalPort);
          if (index === 0 && place?.scope === 'public') this.#mapped.add(multiaddrOf(place));
        }
      } catch (error) {
        this.#deps.log.debug({ port, error: messageOf(error) }, 'the router does not map a port');
      }
    }
    if (this.#mapped.size > 0) this.#deps.onChange();
  }
}

async function* findGateways(signal: AbortSignal): AsyncGenerator<PortGateway> {
  const half = AbortSignal.any([signal, AbortSignal.timeout(SEARCH_MS / 2)]);
  try {
    yield* upnpNat(OPTIONS).findGateways({ signal: half });
  } catch (error) {
    if (signal.aborted) throw error;
  }
  const table = await readFile('/proc/net/route', 'utf8').catch(() => '');
  const router = defaultGatewayIn(table);
  if (router !== undefined && !signal.aborted) yield pmpNat(router, OPTIONS);
}

/** The IPv4 address of the default gateway in a table like Linux's /proc/net/route: columns, addresses in reversed hexadecimal. */
export function defaultGatewayIn(table: string): string | undefined {
  for (const line of table.split('\n').slice(1)) {
    const [, destination, gateway] = line.split('\t');
    if (destination !== '00000000' || !/^[0-9A-F]{8}$/.test(gateway ?? '') || gateway === '00000000')
      continue;
    return Buffer.from(gateway!, 'hex').reverse().join('.');
  }
  return undefined;
}
