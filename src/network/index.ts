export { FrameStream } from './frame-stream.ts';
export { FrameAssembler } from './frames.ts';
export { Host, type HostOptions, type PeerAddress, publicKeyOf, type Verdict } from './host.ts';
