import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from './crc32c.ts';
import fixture from './fixtures/tensorboard-event.json' with { type: 'json' };
import { scalarEvent, versionEvent } from './tensorboard-event.ts';
import { scalarsOf, tensorboardSink } from './tensorboard-sink.ts';
import { frameRecord } from './tfrecord.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('crc32c', () => {
  it.each([
    ['the check string 123456789', bytes('123456789'), 0xe3069283],
    ['32 zeros (RFC 3720 B.4)', new Uint8Array(32), 0x8a9136aa],
    ['32 times 255 (RFC 3720 B.4)', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['0 to 31 (RFC 3720 B.4)', Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
    ['nothing', new Uint8Array(0), 0],
  ])('of %s', (_, data, expected) => {
    expect(crc32c(data)).toBe(expected);
  });

  it('is masked by a rotation and an addition', () => {
    expect(maskedCrc32c(bytes('123456789'))).toBe((((0xe3069283 >>> 15) | (0xe3069283 << 17)) + 0xa282ead8) >>> 0);
  });
});

// scripts/oracle.py made these bytes with TensorBoard's own protocol buffers
describe.each(fixture)('a framed $kind event', ({ kind, wallTime, step, scalars, record }) => {
  it("has TensorBoard's bytes", () => {
    const event =
      kind === 'version'
        ? versionEvent(wallTime)
        : scalarEvent(wallTime, step!, scalars as unknown as Record<string, number>);
    expect(Buffer.from(frameRecord(event)).toString('hex')).toBe(record);
  });
});

describe('tensorboardSink', () => {
  const record = {
    step: 1,
    loss: 2,
    gradientNorm: null,
    clippedGradientNorm: 1,
    learningRateScale: 1,
    learningRate: { muon: 0.1 },
    tokens: 3,
    timing: { seconds: 1 },
  };

  it('groups scalars by tags and leaves out what is no number', () => {
    expect(scalarsOf(record)).toEqual({
      'train/loss': 2,
      'train/clippedGradientNorm': 1,
      'train/learningRateScale': 1,
      'train/learningRate/muon': 0.1,
      'train/tokens': 3,
      'timing/seconds': 1,
    });
    expect(scalarsOf({ step: 1, evaluation: { loss: 4 }, timing: { seconds: 1 } })).toEqual({ 'evaluation/loss': 4 });
  });

  it('is cut back to the position of the checkpoint', () => {
    const folder = mkdtempSync(join(tmpdir(), 'smol-events-'));
    const read = () => readFileSync(join(folder, 'events.out.tfevents.0000000000.smol'));
    const first = tensorboardSink(folder);
    first.open!(undefined);
    first.write(record);
    const position = first.position!();
    const kept = read();
    first.write({ ...record, step: 2 });
    first.close!();
    expect(read().length).toBeGreaterThan(kept.length);
    const resumed = tensorboardSink(folder);
    resumed.open!(position);
    resumed.close!();
    expect(read().equals(kept)).toBe(true);
    rmSync(folder, { recursive: true });
  });
});
