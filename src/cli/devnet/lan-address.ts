import { networkInterfaces } from 'node:os';
import { parseDialable } from '#network/addresses';

/** This machine's first private IPv4 address, such as 192.168.1.7; undefined when it is in no local network. */
export function lanAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal, address }) => {
    return family === 'IPv4' && !internal && parseDialable(address, 1)?.scope === 'private';
  })?.address;
}
