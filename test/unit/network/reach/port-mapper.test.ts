import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '#base';
import { defaultGatewayIn, type PortGateway, PortMapper } from '../../../../src/network/reach/port-mapper.ts';

const log = createLog('silent');

/** A router that maps each port to the same number at `externalHost`. */
function router(externalHost: string) {
  const asked: number[] = [];
  const state = { stopped: false };
  const gateway = {
    async *mapAll(port: number) {
      asked.push(port);
      yield { externalHost, externalPort: port + 1000 };
    },
    stop: async () => {
      state.stopped = true;
    },
  } as unknown as PortGateway;
  return { gateway, asked, state };
}

async function mapWith(gateways: readonly PortGateway[]) {
  let changes = 0;
  const mapper = new PortMapper([4001, 5001], {
    log,
    onChange: () => void changes++,
    async *gateways() {
      yield* gateways;
    },
  });
  await mapper.start();
  return { mapper, changes: () => changes };
}

test('both ports are mapped, the first one gives an address, and all is taken back', async () => {
  const { gateway, asked, state } = router('8.8.8.8');
  const { mapper, changes } = await mapWith([gateway]);
  assert.deepEqual(mapper.mapped, ['/ip4/8.8.8.8/tcp/5001']);
  assert.deepEqual(asked, [4001, 5001]);
  assert.equal(changes(), 1);
  await mapper.stop();
  assert.ok(state.stopped);
});

test('a router behind another router gives no address, and only two routers are asked', async () => {
  const inner = router('100.64.0.7');
  const lying = router('127.0.0.1');
  const third = router('8.8.8.8');
  const { mapper, changes } = await mapWith([inner.gateway, lying.gateway, third.gateway]);
  assert.deepEqual(mapper.mapped, []);
  assert.deepEqual(third.asked, []);
  assert.equal(changes(), 0);
  await mapper.stop();
});

test('the default gateway is read from the routing table', () => {
  const head = 'Iface\tDestination\tGateway\tFlags\n';
  assert.equal(defaultGatewayIn(`${head}eth0\t00000000\t0101A8C0\t0003\n`), '192.168.1.1');
  assert.equal(defaultGatewayIn(`${head}eth0\t0001A8C0\t00000000\t0001\n`), undefined);
  assert.equal(defaultGatewayIn(''), undefined);
});
