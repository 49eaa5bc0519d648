import type { Role } from '../../src/node/api/node-api.ts';

/** What each role means to its owner, those that most people want first. */
export const ROLE_WORDS: Readonly<Record<Role, { title: string; text: string }>> = {
  client: { title: 'Chat', text: 'You ask the models of the network.' },
  seed: { title: 'Share models', text: 'Keeps models on your disk and sends them to others.' },
  run: { title: 'Run models', text: 'Computes a part of the answers that others ask for.' },
  audit: { title: 'Check answers', text: 'Repeats a part of the work of others, and reports what differs.' },
  security: {
    title: 'Scan models',
    text: 'Examines new models in a sandbox. Counts for those who have chosen to trust this computer.',
  },
  validate: {
    title: 'Keep the ledger',
    text: 'Signs the blocks of the chain. For a computer that is always on, with a bond at stake.',
  },
};

export const ROLES = Object.keys(ROLE_WORDS) as Role[];
