import type { ErrorTable } from '#base';

/** The codes of this room: HTTP status, meaning, and exit code where it is not 1. */
export const DISTRIBUTION_ERRORS = {
  BENCODE_INVALID: [400, 'bytes are not bencode'],
  FILE_HASH_MISMATCH: [409, 'a file is not the one that its hash names'],
  LISTEN_FAILED: [409, 'a port for BitTorrent cannot be opened'],
  MANIFEST_INVALID: [400, 'a manifest breaks a rule'],
  MANIFEST_SIGNATURE: [400, 'a manifest is not signed by its publisher'],
  METAINFO_INVALID: [400, 'a torrent file breaks a rule'],
  MODEL_UNREACHABLE: [503, 'the default model can be fetched from nowhere', 2],
  PATH_UNSAFE: [400, 'a path could leave its folder'],
  PIECE_MISSING: [503, 'a part of a file is not here yet'],
  SOURCE_CORRUPT: [502, 'a source gives something else than it lists'],
  SOURCE_INVALID: [400, 'the name of a source cannot be read'],
  SOURCE_UNREACHABLE: [502, 'a source cannot be reached'],
  STORE_FAILED: [500, 'a piece cannot be read from the disk'],
  SWARM_NOT_STARTED: [500, 'a torrent was added before the swarm began'],
  TORRENT_EXISTS: [409, 'the torrent is in the swarm already'],
  TORRENT_STOPPED: [503, 'the swarm was stopped before it had the torrent'],
  TRACKER_FAILED: [502, 'a tracker does not answer, or answers with an error'],
  WIRE_INVALID: [502, 'a BitTorrent peer broke the protocol'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    distribution: typeof DISTRIBUTION_ERRORS;
  }
}
