import type { ErrorTable } from '#base';

/** The codes of this room: HTTP status, meaning, and exit code where it is not 1. */
export const DISTRIBUTION_ERRORS = {
  BENCODE_INVALID: [400, 'bytes are not bencode'],
  FILE_HASH_MISMATCH: [409, 'a file does not match its hash'],
  MANIFEST_INVALID: [400, 'a manifest violates a rule of its format'],
  MANIFEST_SIGNATURE: [400, 'a manifest is not signed by its publisher'],
  METAINFO_INVALID: [400, 'a torrent file violates a rule of its format'],
  MODEL_UNREACHABLE: [503, 'the default model is unavailable from every source', 2],
  PATH_UNSAFE: [400, 'a path could leave its folder'],
  PIECE_MISSING: [503, 'a part of a file has not been downloaded yet'],
  SOURCE_CORRUPT: [502, 'a source delivers other content than it lists'],
  SOURCE_INVALID: [400, 'the name of a source cannot be read'],
  SOURCE_UNREACHABLE: [502, 'a source cannot be reached'],
  STORE_FAILED: [500, 'a piece cannot be read from the disk'],
  SWARM_NOT_STARTED: [500, 'a torrent was added before the swarm was started'],
  TORRENT_EXISTS: [409, 'the torrent is already in the swarm'],
  TORRENT_STOPPED: [503, 'the swarm was stopped before the torrent was complete'],
  TRACKER_FAILED: [502, 'a tracker does not answer, or answers with an error'],
  WIRE_INVALID: [502, 'a BitTorrent peer violated the protocol'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    distribution: typeof DISTRIBUTION_ERRORS;
  }
}
