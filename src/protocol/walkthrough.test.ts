import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { similarity, template, type Embedding } from '../core/match.js';
import { quantise } from '../core/quantise.js';
import { loadCloudModel, type CloudModel } from '../server/models.js';
import { readGolden, readReleased, seeded } from '../server/testing.js';
import { encodeMessage, MESSAGE_BYTES } from '../wire/message.js';
import { goldenFace, runGolden } from './golden.js';
import { protect, type BrowserModel } from './protect.js';
import { readMessages, recognise } from './recognise.js';

describe('browser → message → cloud, in one process', () => {
  let browser: BrowserModel;
  let cloud: CloudModel;
  const tenant = new Uint8Array(16).fill(1);
  const random = seeded(1);

  beforeAll(async () => {
    expect(await tf.setBackend('cpu')).toBe(true);
    browser = { encoder: readReleased('encoder'), generator: readReleased('generator') };
    cloud = await loadCloudModel(fileURLToPath(new URL('../../models', import.meta.url)));
  });

  it('recognises a face it was shown before, and not another', async () => {
    // cloud → browser: a challenge
    const challenge = random(16);
    const header = { model: cloud.model, tenant, challenge };

    // browser: face → F → z, G(s) → δ, z̃ = z + δ → int8 → bytes
    const send = async (face: Uint8Array): Promise<Uint8Array> => {
      const { clean, perturbed } = await protect(browser, face, random);
      const message = encodeMessage(header, perturbed);
      // @ts-expect-error clean features cannot be encoded
      void (() => encodeMessage(header, clean));
      return message;
    };
    // browser → cloud: bytes; cloud: bytes → int8 → S → unit embedding
    const embed = async (...messages: Uint8Array[]): Promise<readonly Embedding[]> => {
      const body = Buffer.concat(messages);
      expect(body.length).toBe(messages.length * MESSAGE_BYTES);
      return recognise(cloud.student, readMessages(body, { model: cloud.model, tenant }, messages.length));
    };

    const face = goldenFace();
    const other = face.map((value, i) => (Math.floor(i / 336) % 16 < 8 ? 255 - value : value));
    const captures = await embed(await send(face), await send(face), await send(face));
    const [probe, stranger] = await embed(await send(face), await send(other));

    const enrolled = template(captures, cloud.threshold);
    expect(similarity(enrolled, probe!)).toBeGreaterThan(cloud.threshold);
    expect(similarity(enrolled, stranger!)).toBeLessThan(similarity(enrolled, probe!));
  });

  it('the student on ONNX agrees with PyTorch on the golden vectors', async () => {
    const golden = readGolden();
    const { perturbed } = await runGolden({ ...browser, tail: readReleased('tail') });
    const [embedding] = await cloud.student([quantise(perturbed)]);
    const worst = Math.max(...golden.embedding.map((value, i) => Math.abs(value - embedding![i]!)));
    expect(worst).toBeLessThan(5e-3);
  });

  it('both halves are of one release', () => {
    const manifest = JSON.parse(
      readFileSync(new URL('../../public/models/manifest.json', import.meta.url), 'utf8'),
    ) as { model: string };
    expect(Buffer.from(cloud.model).toString('hex')).toBe(manifest.model);
    expect(readGolden().model).toBe(manifest.model);
  });
});
