export { EMPTY_HASH, treeHash } from './hash.ts';
export { MerkleMountainRange, type Stretch, verifyStretch } from './merkle-mountain-range.ts';
export { SparseTree, verifyMember, verifySparseProof } from './sparse-tree.ts';
