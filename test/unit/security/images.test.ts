import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, utf8 } from '#base';
import { inBuffer } from '#formats';
import { builtInRuleset, scan } from '#security';
import { gifFile, jpegFile, pngFile, webpFile } from '../../support/attacks/clean.ts';
import { maliciousPickle } from '../../support/attacks/pickles.ts';
import { Random } from '../../support/attacks/random.ts';

const ruleset = await builtInRuleset();
const random = new Random(4);
const found = async (path: string, bytes: Uint8Array): Promise<string[]> => {
  const { files } = await scan([{ path, source: inBuffer(bytes) }], ruleset);
  return files[0]!.findings.map(({ rule, severity }) => `${rule} ${severity}`);
};
const IMAGES = { png: pngFile, jpg: jpegFile, gif: gifFile, webp: webpFile };

test('bytes behind a picture are told, not refused', async () => {
  for (const [ending, make] of Object.entries(IMAGES)) {
    for (const tail of [
      utf8('made by hand'),
      pngFile(random),
      new Uint8Array(5000).fill(7),
      random.bytes(77),
    ])
      assert.deepEqual(await found(`a.${ending}`, concat([make(random), tail])), ['damaged low'], ending);
  }
  // A picture without its end mark, and another one behind it.
  const gif = gifFile(random);
  assert.deepEqual(await found('a.gif', concat([gif.subarray(0, -1), gif])), ['damaged low']);
});

test('what could run behind a picture is refused', async () => {
  const tails = [
    utf8('#!/bin/sh\n'),
    utf8('\n\n<?php 1'),
    utf8('\0\x7fELF    '),
    utf8('Rar!\x1a\x07'),
    maliciousPickle(random),
  ];
  for (const [ending, make] of Object.entries(IMAGES)) {
    for (const tail of tails) {
      const rules = await found(`a.${ending}`, concat([make(random), tail]));
      assert.ok(
        rules.some((rule) => /^(polyglot|pickle-code) (high|critical)/.test(rule)),
        `${ending}: ${rules}`,
      );
    }
  }
});

test('pictures by their other usual endings', async () => {
  for (const path of ['a.apng', 'a.png']) assert.deepEqual(await found(path, pngFile(random)), []);
  for (const path of ['a.mpo', 'a.jfif', 'a.jpe']) assert.deepEqual(await found(path, jpegFile(random)), []);
});
