import { isIPv4, isIPv6 } from 'node:net';
import { type Options, z } from '#base';

export const zPort = z.number().int().min(0).max(65_535);
/** Whether the host of a multiaddr fits its protocol, and its port is one. */
function hasHostAndPort(text: string): boolean {
  const [, protocol, host = '', , port] = text.split('/');
  const isHost = protocol === 'ip4' ? isIPv4(host) : protocol === 'ip6' ? isIPv6(host) : host !== '';
  return isHost && Number(port) <= 65_535;
}

const MULTIADDR = /^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/(tcp|udp)\/\d{1,5}(\/.+)?$/;
const zListen = z
  .string()
  .max(256)
  .regex(MULTIADDR, 'must be addresses such as /ip4/0.0.0.0/tcp/4001')
  .refine(hasHostAndPort, 'must have a valid IP address or name, and a port up to 65535');
const zContact = z
  .string()
  .max(512)
  .regex(MULTIADDR, 'must be addresses such as /ip4/203.0.113.7/tcp/4001/p2p/12D3Koo…, as nodes show them')
  .regex(/\/p2p\/[1-9A-HJ-NP-Za-km-z]+$/, 'must end in /p2p/ and the peer id of the node');

/** Addresses of the node, and how it joins a network. */
export const NETWORK_OPTIONS = {
  listen: {
    schema: z.array(zListen).min(1).default(['/ip4/127.0.0.1/tcp/0']),
    value: 'multiaddrs',
    help: 'peer-to-peer listen addresses',
  },
  reach: {
    schema: z.enum(['auto', 'direct', 'relayed']).optional(),
    value: 'how',
    help: 'how other nodes reach this one: auto finds out, direct takes an open port for granted, relayed uses relays only',
  },
  announce: {
    schema: z.array(zListen).max(4).optional(),
    value: 'multiaddrs',
    help: 'further addresses to announce, such as those of a port that was forwarded by hand',
  },
  relay: {
    schema: z.enum(['on', 'off']).optional(),
    value: 'on|off',
    help: 'relay connections for nodes that cannot be reached, within a budget, while this one can be; default: on beyond loopback',
  },
  portMapping: {
    schema: z.enum(['on', 'off']).optional(),
    value: 'on|off',
    help: 'ask the router for a port by UPnP or NAT-PMP; default: on beyond loopback',
  },
  lan: {
    schema: z.enum(['on', 'off']).optional(),
    value: 'on|off',
    help: 'look for nodes on the local network by multicast DNS; default: on beyond loopback',
  },
  dht: {
    schema: z.enum(['on', 'off']).optional(),
    value: 'on|off',
    help: 'take part in the distributed hash table; default: on beyond loopback',
  },
  tlsCertificate: {
    schema: z.string().min(1).max(4096).optional(),
    value: 'file',
    help: 'certificate in PEM for addresses of --listen that end in /tls/ws',
  },
  tlsKey: { schema: z.string().min(1).max(4096).optional(), value: 'file', help: 'its private key in PEM' },
  linkPort: {
    schema: zPort.default(0),
    value: 'port',
    help: 'TCP port of direct links between stages, on the addresses of --listen; 0 = any',
  },
  bootstrap: {
    schema: z.array(zContact).default([]),
    value: 'multiaddrs',
    help: 'nodes through which to join the network; each ends in /p2p/ and its peer id',
  },
  swarmHost: {
    schema: z.string().min(1).max(256).default('127.0.0.1'),
    value: 'host',
    help: 'host at which BitTorrent peers reach this node',
  },
  swarmPort: { schema: zPort.default(0), value: 'port', help: 'BitTorrent port; 0 = any' },
  trackers: {
    schema: z.array(z.url().max(512)).default([]),
    value: 'urls',
    help: 'announce URLs of HTTP trackers',
  },
  trackerPort: { schema: zPort.optional(), value: 'port', help: 'run an HTTP tracker on this port' },
} satisfies Options;
