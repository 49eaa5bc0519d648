import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from '#base';
import type { NodeApi, WalletApi } from '#node';
import * as api from '#node/api';
import { noChain } from './chain-routes.ts';
import { json } from './responses.ts';

/** Routes of the node's wallet. Requests that need the password carry it; responses never contain it. */
export function walletRoutes(app: FastifyInstance, node: NodeApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const described = (summary: string) => ({ summary, tags: ['wallet'] });
  const wallet = (): WalletApi => {
    const found = node.wallet();
    if (!found) throw noChain();
    return found;
  };

  routes.get(
    '/api/wallet',
    { schema: { ...described('State, balance and address'), response: json(api.zWallet) } },
    () => wallet().view(),
  );

  routes.post(
    '/api/wallet',
    {
      schema: {
        ...described('Create a wallet, or restore one from its words'),
        body: api.zNewWallet,
        response: json(api.zBackupWords),
      },
    },
    ({ body }) => wallet().create(body),
  );

  routes.post(
    '/api/wallet/unlock',
    { schema: { ...described('Open the wallet'), body: api.zUnlock, response: json(api.zWallet) } },
    ({ body }) => wallet().unlock(body.password),
  );

  routes.post(
    '/api/wallet/lock',
    { schema: { ...described('Forget the keys until the next unlock'), response: json(api.zWallet) } },
    () => wallet().lock(),
  );

  routes.get(
    '/api/wallet/addresses',
    { schema: { ...described('Receiving addresses'), response: json(z.array(api.zReceiveAddress)) } },
    () => wallet().addresses(),
  );

  routes.post(
    '/api/wallet/addresses',
    {
      schema: {
        ...described('Create an address'),
        body: api.zNewAddress,
        response: json(api.zReceiveAddress),
      },
    },
    ({ body }) => wallet().addAddress(body.label),
  );

  routes.get(
    '/api/wallet/history',
    {
      schema: {
        ...described('Incoming and outgoing payments, newest first'),
        response: json(z.array(api.zWalletEntry)),
      },
    },
    () => wallet().history(),
  );

  routes.post(
    '/api/wallet/preview',
    {
      schema: {
        ...described('Preview the cost of a payment'),
        body: api.zPayment,
        response: json(api.zPaymentPreview),
      },
    },
    ({ body }) => wallet().preview(body),
  );

  routes.post(
    '/api/wallet/send',
    {
      schema: {
        ...described('Sign a payment and send it'),
        body: api.zSignedPayment,
        response: json(api.zPaymentReceipt),
      },
    },
    ({ body }) => wallet().send(body),
  );

  routes.post(
    '/api/wallet/prove',
    {
      schema: {
        ...described('Create a proof of a payment for a text chosen by the verifier'),
        body: api.zProofRequest,
        response: json(api.zPaymentProof),
      },
    },
    ({ body }) => wallet().prove(body),
  );

  routes.post(
    '/api/wallet/check-proof',
    {
      schema: {
        ...described('Check a proof of payment'),
        body: api.zProofCheck,
        response: json(api.zProofVerdict),
      },
    },
    ({ body }) => wallet().checkProof(body),
  );

  routes.post(
    '/api/wallet/words',
    {
      schema: { ...described('Show the backup words'), body: api.zUnlock, response: json(api.zBackupWords) },
    },
    ({ body }) => wallet().words(body.password),
  );

  routes.post(
    '/api/wallet/check-words',
    {
      schema: {
        ...described('Check the backup words'),
        body: api.zWordsCheck,
        response: json(api.zWordsVerdict),
      },
    },
    ({ body }) => wallet().checkWords(body),
  );

  routes.post(
    '/api/wallet/faucet',
    {
      schema: {
        ...described('Request coins on a test network'),
        body: api.zFaucetRequest.nullish(),
        response: json(api.zPaymentReceipt),
      },
    },
    ({ body }) => wallet().faucet(body?.address),
  );
}
