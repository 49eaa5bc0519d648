/**
 * What a node does for others. `seed`: shares models; `run`: computes blocks; `audit`: re-executes what others computed; `client`:
 * chats; `validate`: votes on the chain; `security`: scans models.
 */
export const ROLES = ['seed', 'run', 'audit', 'client', 'validate', 'security'] as const;
