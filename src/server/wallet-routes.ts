import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from '#base';
import type { NodeApi, ProofRequest, WalletApi } from '#node';
import { noChain } from './chain-routes.ts';

const zPassword = z.string().min(1).max(1024);
const zAddress = z.string().min(1).max(256);
const zAmount = z.string().regex(/^[1-9]\d{0,19}$/, 'must be an amount in sparks, in decimal digits');
const zHeight = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const zMessage = z.string().max(1024);
const zPayment = z.object({
  to: zAddress,
  amount: zAmount,
  tier: z.enum(['low', 'normal', 'high']).default('normal'),
  again: z.boolean().default(false),
});

/** Backup words as pasted, possibly numbered and with other separators. */
const zWords = z.string().min(1).max(4096);
const zCreate = z.union([
  z.strictObject({ password: zPassword }),
  z.strictObject({ password: zPassword, words: zWords, restoreHeight: zHeight.default(0) }),
]);
const zProof = z.union([
  z.strictObject({ message: zMessage, id: z.string().regex(/^[0-9a-f]{64}$/), payment: zHeight }),
  z.strictObject({ message: zMessage, output: zHeight }),
]);
const zAnswers = z.object({
  password: zPassword,
  words: z
    .array(z.object({ position: z.number().int().min(1).max(24), word: z.string().max(32) }))
    .min(1)
    .max(24),
});

/** Routes of the node's wallet. Requests that need the password carry it; responses never contain it. */
export function walletRoutes(app: FastifyInstance, node: NodeApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const described = (summary: string) => ({ summary, tags: ['wallet'] });
  const wallet = (): WalletApi => {
    const found = node.wallet();
    if (!found) throw noChain();
    return found;
  };

  routes.get('/api/wallet', { schema: described('State, balance and address') }, () => wallet().view());

  routes.post(
    '/api/wallet',
    { schema: { ...described('Create a wallet, or restore one from its words'), body: zCreate } },
    ({ body }) => wallet().create(body),
  );

  routes.post(
    '/api/wallet/unlock',
    { schema: { ...described('Open the wallet'), body: z.object({ password: zPassword }) } },
    ({ body }) => wallet().unlock(body.password),
  );

  routes.post('/api/wallet/lock', { schema: described('Forget the keys until the next unlock') }, () =>
    wallet().lock(),
  );

  routes.get('/api/wallet/addresses', { schema: described('Receiving addresses') }, () =>
    wallet().addresses(),
  );

  routes.post(
    '/api/wallet/addresses',
    { schema: { ...described('Create an address'), body: z.object({ label: z.string().max(64) }) } },
    ({ body }) => wallet().addAddress(body.label),
  );

  routes.get(
    '/api/wallet/history',
    { schema: described('Incoming and outgoing payments, newest first') },
    () => wallet().history(),
  );

  routes.post(
    '/api/wallet/preview',
    { schema: { ...described('Preview the cost of a payment'), body: zPayment } },
    ({ body }) => wallet().preview(body),
  );

  routes.post(
    '/api/wallet/send',
    {
      schema: { ...described('Sign a payment and send it'), body: zPayment.extend({ password: zPassword }) },
    },
    ({ body }) => wallet().send(body),
  );

  routes.post(
    '/api/wallet/prove',
    {
      schema: { ...described('Create a proof of a payment for a text chosen by the verifier'), body: zProof },
    },
    ({ body }) => wallet().prove(body as ProofRequest),
  );

  routes.post(
    '/api/wallet/check-proof',
    {
      schema: {
        ...described('Check a proof of payment'),
        body: z.object({ proof: z.string().min(1).max(4096), message: zMessage }),
      },
    },
    ({ body }) => wallet().checkProof(body),
  );

  routes.post(
    '/api/wallet/words',
    { schema: { ...described('Show the backup words'), body: z.object({ password: zPassword }) } },
    ({ body }) => wallet().words(body.password),
  );

  routes.post(
    '/api/wallet/check-words',
    { schema: { ...described('Check the backup words'), body: zAnswers } },
    ({ body }) => wallet().checkWords(body),
  );

  routes.post(
    '/api/wallet/faucet',
    {
      schema: {
        ...described('Request coins on a test network'),
        body: z.object({ address: zAddress.optional() }).default({}),
      },
    },
    ({ body }) => wallet().faucet(body.address),
  );
}
