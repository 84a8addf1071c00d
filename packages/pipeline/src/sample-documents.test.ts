import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Document, StepContext } from './document.ts';
import { DocumentSample, rateSampler, sampleDocuments } from './sample-documents.ts';

const documents: Document[] = Array.from({ length: 3000 }, (_, index) => ({
  id: `d${index}`,
  text: '',
  metadata: { token_count: 1 + (index % 10), language: index % 3 === 0 ? 'en' : 'de' },
}));
const context: StepContext = { count: () => {}, task: 0, record: 0, input: 'x' };
const idsOf = (some: readonly Document[]) => some.map(({ id }) => id);

function keptAt(rate: number | ((document: Document) => number), seed = 1): Document[] {
  const step = rateSampler({ rate, seed });
  return documents.flatMap((document) => {
    const result = step.process(document, context);
    return Array.isArray(result) ? (result as Document[]) : 'drop' in (result as object) ? [] : [result as Document];
  });
}

describe('rateSampler', () => {
  it.each([0, 0.1, 0.5, 1, 2, 2.25])('keeps about %d of the documents', (rate) => {
    expect(Math.abs(keptAt(rate).length - rate * 3000)).toBeLessThan(120);
  });

  it('keeps at a higher rate what it keeps at a lower one, and other documents with another seed', () => {
    const more = new Set(idsOf(keptAt(0.3)));
    expect(idsOf(keptAt(0.1)).every((id) => more.has(id))).toBe(true);
    expect(idsOf(keptAt(0.1, 2))).not.toEqual(idsOf(keptAt(0.1)));
  });

  it('tells documents apart', () => {
    const kept = keptAt(({ metadata }) => (metadata.language === 'en' ? 1 : 0));
    expect(kept.length).toBe(1000);
    expect(rateSampler({ rate: 0, seed: 1 }).process(documents[0], context)).toMatchObject({
      drop: 'not_sampled',
      limit: 0,
    });
    for (const rate of [-1, Number.NaN])
      expect(() => rateSampler({ rate, seed: 1 })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('a sample', () => {
  it('is the same in any order and from any parts', async () => {
    const whole = await sampleDocuments(documents, { count: 100, seed: 5 });
    expect(new Set(idsOf(whole)).size).toBe(100);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(documents, { minLength: 3000 }),
        fc.array(fc.nat(3000), { maxLength: 5 }),
        (shuffled, cuts) => {
          const at = [0, ...cuts.sort((a, b) => a - b), 3000];
          const parts = at.slice(1).map((end, index) => {
            const part = new DocumentSample({ count: 100, seed: 5 });
            for (const document of shuffled.slice(at[index], end)) part.add(document);
            return part;
          });
          for (const part of parts.slice(1)) parts[0].merge(part);
          expect(idsOf(parts[0].documents())).toEqual(idsOf(whole));
        },
      ),
      { numRuns: 10 },
    );
  });

  it('stays within a budget of tokens, and comes close to it', async () => {
    const sample = await sampleDocuments(documents, { budget: 1000, seed: 5 });
    const tokens = sample.reduce((sum, { metadata }) => sum + Number(metadata.token_count), 0);
    expect(tokens).toBeLessThanOrEqual(1000);
    expect(tokens).toBeGreaterThan(980);
    const bySize = await sampleDocuments(documents, { budget: 10, sizeOf: () => 3, seed: 5 });
    expect(bySize.length).toBe(3);
    await expect(sampleDocuments([{ id: 'x', text: '', metadata: {} }], { budget: 1, seed: 1 })).rejects.toThrow(
      /x has no metadata.token_count/,
    );
  });

  it('prefers what weighs more', async () => {
    const weightOf = ({ metadata }: Document) => (metadata.language === 'en' ? 10 : 1);
    const sample = await sampleDocuments(documents, { count: 300, weightOf, seed: 3 });
    const english = sample.filter(({ metadata }) => metadata.language === 'en').length;
    expect(english).toBeGreaterThan(220);
    expect((await sampleDocuments(documents, { count: 5000, weightOf: () => 0, seed: 3 })).length).toBe(0);
  });

  it('needs a limit that is a number, and weights that are', async () => {
    expect(() => new DocumentSample({ seed: 1 })).toThrow(/count or budget/);
    expect(() => new DocumentSample({ count: -1, seed: 1 })).toThrow(/from 0 on/);
    await expect(sampleDocuments(documents, { count: 1, weightOf: () => -1, seed: 1 })).rejects.toThrow(
      /weight of document d0/,
    );
    expect(await sampleDocuments([], { count: 3, seed: 1 })).toEqual([]);
  });
});
