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

/** As they were pasted, with numbers and whatever stands between them. */
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

/** The node's wallet. Passwords come with each request that needs one and stay in no answer. */
export function walletRoutes(app: FastifyInstance, node: NodeApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const described = (summary: string) => ({ summary, tags: ['wallet'] });
  const wallet = (): WalletApi => {
    const found = node.wallet();
    if (!found) throw noChain();
    return found;
  };

  routes.get('/api/wallet', { schema: described('State, balance, address') }, () => wallet().view());

  routes.post(
    '/api/wallet',
    { schema: { ...described('Make a wallet, or restore one from its words'), body: zCreate } },
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

  routes.get('/api/wallet/addresses', { schema: described('Addresses to receive with') }, () =>
    wallet().addresses(),
  );

  routes.post(
    '/api/wallet/addresses',
    { schema: { ...described('One more address'), body: z.object({ label: z.string().max(64) }) } },
    ({ body }) => wallet().addAddress(body.label),
  );

  routes.get('/api/wallet/history', { schema: described('What came and went, newest first') }, () =>
    wallet().history(),
  );

  routes.post(
    '/api/wallet/preview',
    { schema: { ...described('What a payment would cost'), body: zPayment } },
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
    { schema: { ...described('Prove a payment to whoever asked with these words'), body: zProof } },
    ({ body }) => wallet().prove(body as ProofRequest),
  );

  routes.post(
    '/api/wallet/check-proof',
    {
      schema: {
        ...described('What a proof of payment says'),
        body: z.object({ proof: z.string().min(1).max(4096), message: zMessage }),
      },
    },
    ({ body }) => wallet().checkProof(body),
  );

  routes.post(
    '/api/wallet/words',
    { schema: { ...described('The words of the backup'), body: z.object({ password: zPassword }) } },
    ({ body }) => wallet().words(body.password),
  );

  routes.post(
    '/api/wallet/check-words',
    { schema: { ...described('Whether words were written down right'), body: zAnswers } },
    ({ body }) => wallet().checkWords(body),
  );

  routes.post(
    '/api/wallet/faucet',
    {
      schema: {
        ...described('Money of a test network'),
        body: z.object({ address: zAddress.optional() }).default({}),
      },
    },
    ({ body }) => wallet().faucet(body.address),
  );
}
