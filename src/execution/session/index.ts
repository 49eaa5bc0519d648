export { ClientSession, planSession, type SessionPlan } from './client-session.ts';
export { HIDDEN_PROTOCOL, MAX_FRAME_BYTES, SESSION_PROTOCOL } from './constants.ts';
export { decodeOpen, encodeOpen, floatsOf, HiddenFrames, type Open } from './messages.ts';
export { areBlocks, planRoute, type StageOffer } from './planner.ts';
export type { Executor, Observer, SessionTerms, SessionWitness, Witness } from './ports.ts';
export { SessionService } from './session-service.ts';
