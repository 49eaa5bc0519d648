import { isIPv6 } from 'node:net';

/** How many more connections a node may have, in all and with one network address, so that no host takes all of them. */
export class Places {
  readonly #total: number;
  readonly #perNetwork: number;
  readonly #taken = new Map<string, number>();
  #count = 0;

  constructor(total: number, perNetwork: number) {
    this.#total = total;
    this.#perNetwork = perNetwork;
  }

  hasRoom(host: string): boolean {
    return this.#count < this.#total && (this.#taken.get(networkOf(host)) ?? 0) < this.#perNetwork;
  }

  /** Takes a place; returns what gives it back, to be called once. */
  take(host: string): () => void {
    const network = networkOf(host);
    this.#add(network, 1);
    return () => this.#add(network, -1);
  }

  #add(network: string, by: number): void {
    const taken = (this.#taken.get(network) ?? 0) + by;
    this.#count += by;
    if (taken === 0) this.#taken.delete(network);
    else this.#taken.set(network, taken);
  }
}

/** What one host can choose its address from: an IPv4 address, the /64 of an IPv6 one. A name stands for itself. */
function networkOf(host: string): string {
  const address = host.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = address.split('::');
  const front = head.split(':').filter(Boolean);
  const back = tail.split(':').filter(Boolean);
  const zeros = new Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0');
  return [...front, ...zeros, ...back]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16))
    .join(':');
}
