import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from '#base';
import { nodeOptionsSchema } from '../../../src/node/options.ts';

const PEER = '12D3KooWQJi2igJ9U2sThKaJ3mzTWe6eqxVZNNjYqiWzVj3ooDEf';

const problem = (options: object): string => {
  const result = parse(nodeOptionsSchema, options);
  return 'wrong' in result ? `${result.wrong.path} ${result.wrong.problem}` : 'right';
};

test('addresses to listen on are checked before anything starts', () => {
  const listen = (address: string) => problem({ listen: [address] });
  for (const good of ['/ip4/0.0.0.0/tcp/0', '/ip6/::1/tcp/4001', '/dns4/node.example/tcp/443/wss'])
    assert.equal(listen(good), 'right', good);
  assert.match(listen('localhost:4001'), /^listen\.0 must be addresses such as/);
  for (const bad of [
    '/ip4/999.1.1.1/tcp/1',
    '/ip4/::1/tcp/1',
    '/ip6/1.2.3.4/tcp/1',
    '/ip4/127.0.0.1/tcp/99999',
  ])
    assert.match(listen(bad), /^listen\.0 must have a valid IP address/, bad);
});

test('a node to join through has its peer id', () => {
  assert.equal(problem({ bootstrap: [`/ip4/203.0.113.7/tcp/4001/p2p/${PEER}`] }), 'right');
  assert.match(problem({ bootstrap: ['/ip4/203.0.113.7/tcp/4001'] }), /must end in \/p2p\/ and the peer id/);
});

test('authorities are peer ids, blocks a range', () => {
  assert.equal(problem({ securityAuthorities: [PEER] }), 'right');
  assert.equal(problem({ securityAuthorities: 'none' }), 'right');
  assert.match(problem({ securityAuthorities: ['foo'] }), /must be peer ids/);
  assert.equal(problem({ blocks: [0, 10] }), 'right');
  assert.match(problem({ blocks: [9, 1] }), /^blocks must have its first block before its end/);
});
