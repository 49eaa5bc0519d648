import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptedValues, defaultOf, listOf, type Options, optionsSchema, readOptions, z } from '#base';

const OPTIONS = {
  name: { schema: z.string().max(8).default(''), value: 'name', help: 'a name' },
  slots: { schema: z.number().int().min(1).max(256).default(4), value: 'n', help: 'slots' },
  wait: { schema: z.number().int().min(1).optional(), value: 'ms', unit: 'ms', help: 'wait' },
  roles: { schema: z.array(z.enum(['seed', 'run'])).default(['seed']), value: 'list', help: 'roles' },
  light: { schema: z.boolean().default(false), help: 'light' },
  hub: { schema: z.url().optional(), value: 'url', help: 'hub', variable: 'HF_ENDPOINT' },
  ids: {
    schema: z.union([z.literal('none'), z.array(z.string()).max(2)]).default([]),
    value: 'ids',
    help: 'ids',
    read: (text) => (text === 'none' ? text : listOf(text)),
    form: 'ids with commas, or none',
  },
  linkPort: { schema: z.number().int().min(0).max(65_535).default(0), value: 'port', help: 'port' },
  password: { schema: z.string().min(8).optional(), value: 'text', help: 'secret', secret: true },
} satisfies Options;

const refused = (sources: Parameters<typeof readOptions>[1]): string => {
  try {
    readOptions(OPTIONS, sources);
  } catch (error) {
    assert.equal((error as { code: string }).code, 'OPTION_INVALID');
    return (error as Error).message;
  }
  return assert.fail('nothing was refused');
};

test('a flag precedes a variable, that the config file, that the default', () => {
  assert.deepEqual(readOptions(OPTIONS, {}), {
    ...{ name: '', slots: 4, roles: ['seed'], light: false, ids: [], linkPort: 0 },
  });
  const config = { slots: 7, name: 'file', light: true, roles: ['run'] };
  const variables = {
    BITORCH_SLOTS: '8',
    BITORCH_NAME: 'env',
    BITORCH_LIGHT: '',
    HF_ENDPOINT: 'http://hub/',
  };
  const flags = { slots: '9', ids: 'a, b,', wait: '20' };
  assert.deepEqual(readOptions(OPTIONS, { flags, variables, config }), {
    ...{ name: 'env', slots: 9, roles: ['run'], light: true, linkPort: 0 },
    ...{ ids: ['a', 'b'], wait: 20, hub: 'http://hub/' },
  });
});

test('switches are true as flags and take words as variables', () => {
  const light = (text: string) => readOptions(OPTIONS, { variables: { BITORCH_LIGHT: text } }).light;
  assert.equal(readOptions(OPTIONS, { flags: { light: true } }).light, true);
  assert.deepEqual(['1', 'true', 'YES', '0', 'off'].map(light), [true, true, true, false, false]);
  assert.match(
    refused({ variables: { BITORCH_LIGHT: 'perhaps' } }),
    /^BITORCH_LIGHT=perhaps: must be true or/,
  );
});

test('a wrong value is named by its source, with what is accepted', () => {
  assert.equal(refused({ flags: { slots: 'x' } }), '--slots x: must be a whole number from 1 to 256');
  assert.equal(refused({ flags: { slots: '0' } }), '--slots 0: must be a whole number from 1 to 256');
  assert.equal(refused({ flags: { slots: '1e2' } }), '--slots 1e2: must be a whole number from 1 to 256');
  assert.equal(refused({ flags: { wait: '-1' } }), '--wait -1: must be a whole number from 1');
  assert.match(refused({ flags: { linkPort: '70000' } }), /^--link-port 70000: must be .* from 0 to 65535$/);
  assert.equal(
    refused({ variables: { BITORCH_LINK_PORT: 'x' } }),
    'BITORCH_LINK_PORT=x: must be a whole number from 0 to 65535',
  );
  assert.equal(
    refused({ config: { slots: '4' } }),
    '"slots" in config.json: must be a whole number from 1 to 256',
  );
  assert.equal(
    refused({ flags: { roles: 'seed,fly' } }),
    '--roles seed,fly: must be one of seed, run, not "fly"',
  );
  assert.equal(refused({ flags: { hub: 'nowhere' } }), '--hub nowhere: must be a URL');
  assert.equal(refused({ flags: { ids: 'a,b,c' } }), '--ids a,b,c: write it as ids with commas, or none');
});

test('the value of a secret is in no message', () => {
  const message = refused({ variables: { BITORCH_PASSWORD: 'hunter2' } });
  assert.equal(message, 'BITORCH_PASSWORD=…: must have at least 8 characters, not 7');
  assert.doesNotMatch(refused({ config: { password: 'hunter2' } }), /hunter2/);
});

test('an unknown field of config.json is refused and the nearest option named', () => {
  assert.match(refused({ config: { slot: 3 } }), /unknown option "slot": did you mean "slots"\?$/);
  assert.match(refused({ config: { linkport: 3 } }), /did you mean "linkPort"\?$/);
  assert.match(refused({ config: { colour: 1 } }), /unknown option "colour": docs\/options\.md lists/);
});

test('the declaration says what is accepted and what the default is', () => {
  const words = Object.entries(OPTIONS).map(([name, option]) => [
    name,
    acceptedValues(option),
    defaultOf(option),
  ]);
  assert.deepEqual(words, [
    ['name', 'text', undefined],
    ['slots', 'whole number from 1 to 256', '4'],
    ['wait', 'whole number from 1, in ms', undefined],
    ['roles', 'list, with commas', 'seed'],
    ['light', 'switch', undefined],
    ['hub', 'URL', undefined],
    ['ids', 'ids with commas, or none', undefined],
    ['linkPort', 'whole number from 0 to 65535', '0'],
    ['password', 'text', undefined],
  ]);
});

test('the schema of all options is strict', () => {
  const schema = optionsSchema(OPTIONS);
  assert.equal(schema.safeParse({ slots: 3 }).success, true);
  assert.equal(schema.safeParse({ slot: 3 }).success, false);
});
