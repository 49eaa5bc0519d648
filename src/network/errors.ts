import type { ErrorTable } from '#base';

/** The codes of this room: HTTP status, meaning, and exit code where it is not 1. */
export const NETWORK_ERRORS = {
  ADDRESS_INVALID: [400, 'an address is not one of this network or of this program'],
  ANSWER_INVALID: [502, 'a peer sent what is no answer'],
  BUDGET_EXCEEDED: [429, 'a peer or a client asks for too much at once'],
  FRAME_EMPTY: [500, 'a frame without a byte was to be sent'],
  FRAME_INVALID: [502, 'a peer sent a frame that was not due or cannot be read'],
  FRAME_TOO_LONG: [502, 'a frame is longer than the protocol allows'],
  LINK_INVALID: [502, 'a stream moved to a link that nobody opened'],
  LINK_PORT_TAKEN: [409, 'the port for links between stages is taken'],
  OPTION_INVALID: [400, 'an option or a flag has a value that it cannot have'],
  PEER_BUSY: [503, 'a peer has as many questions to answer as it takes'],
  PEER_ID_INVALID: [400, 'a text is not the id of a node'],
  PEER_UNREACHABLE: [502, 'a peer cannot be reached at any of its addresses'],
  PLACE_RECLAIMED: [503, 'a place among strangers was given to somebody else'],
  REMOTE_ERROR: [502, 'a peer answered with an error of its own'],
  STREAM_CLOSED: [502, 'a peer closed a stream before its end'],
  STREAM_STALLED: [502, 'a peer takes nothing of what is sent to it'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    network: typeof NETWORK_ERRORS;
  }
}
