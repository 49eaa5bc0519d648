import type { ErrorTable } from '#base';

/** The codes of this room: HTTP status, meaning, and exit code where it is not 1. */
export const NETWORK_ERRORS = {
  ADDRESS_INVALID: [400, 'an address is not valid, or may not be dialled'],
  ANSWER_INVALID: [502, 'a peer sent an invalid answer'],
  BUDGET_EXCEEDED: [429, 'a peer or a client asks for too much at once'],
  CONTACTS_INVALID: [500, 'the file of contacts is damaged'],
  FRAME_EMPTY: [500, 'a frame is empty'],
  FRAME_INVALID: [502, 'a peer sent an unexpected or malformed frame'],
  FRAME_TOO_LONG: [502, 'a frame is longer than the protocol allows'],
  LISTEN_FAILED: [409, 'an address or a port cannot be listened on'],
  LINK_INVALID: [502, 'a peer moved a stream to a link that was not opened'],
  LINK_PORT_TAKEN: [409, 'the port for links between stages is taken'],
  PEER_BUSY: [503, 'a peer already answers the maximum number of requests'],
  PEER_ID_INVALID: [400, 'a string is not a peer id'],
  PEER_UNREACHABLE: [502, 'a peer cannot be reached at any of its addresses'],
  PLACE_RECLAIMED: [503, 'a slot was reclaimed for another peer'],
  REMOTE_ERROR: [502, 'a peer answered with an error of its own'],
  STREAM_CLOSED: [502, 'a peer closed a stream before its end'],
  STREAM_STALLED: [502, 'a peer stopped reading what is sent to it'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    network: typeof NETWORK_ERRORS;
  }
}
