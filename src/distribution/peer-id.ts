import { concat, sha256, utf8 } from '#base';

/** The BitTorrent peer id (BEP 20 style) of a node, so that its peers know who it is: -BT0100- and a hash of its id. */
export const peerIdOf = (nodeId: string): Uint8Array =>
  concat([utf8('-BT0100-'), sha256(utf8(nodeId)).subarray(0, 12)]);
