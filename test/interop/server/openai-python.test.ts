/** The official Python client against our server. `BITORCH_TEST_PYTHON` names a Python that has it ("pip install openai"). */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Running, startServer, TOKEN } from '../../support/page-server.ts';
import { MODEL, saying } from '../../support/scripted-node.ts';

const PYTHON = process.env.BITORCH_TEST_PYTHON ?? 'python3';
const SCRIPT = fileURLToPath(new URL('./openai-client.py', import.meta.url));
const missing = spawnSync(PYTHON, ['-c', 'import openai']).status !== 0;

let server: Running;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

test('all that the client can send is understood, and refusals are its own errors', {
  skip: missing && `${PYTHON} has no package "openai"`,
  timeout: 60_000,
}, async () => {
  server.node.answer = () => saying('a1', ['Paris', '.']);
  const { stdout } = await promisify(execFile)(PYTHON, [SCRIPT, `${server.url}/v1`, TOKEN, MODEL.id]);
  assert.deepEqual(JSON.parse(stdout), {
    whole: ['Paris.', 'Paris.'],
    tokens: 16,
    stream: ['Paris.', 'Paris.'],
    models: [MODEL.id],
    refused: ['BadRequestError', 400, 'UNSUPPORTED_PARAMETER', 'guided_json'],
    image: ['BadRequestError', 400, 'UNSUPPORTED_PARAMETER', 'messages.0.content.0.type'],
  });
  const { messages: _, seed, ...request } = server.node.chats[0]!.request;
  assert.equal(seed, 7);
  assert.deepEqual(request, {
    model: MODEL.id,
    maxTokens: 64,
    temperature: 0.7,
    topP: 0.9,
    minP: 0.05,
    repetitionPenalty: 1.1,
    presencePenalty: 0.1,
    frequencyPenalty: 0.1,
    logitBias: [[5, -100]],
    stop: ['\n\n'],
  });
});
