import { describe, expect, it } from 'vitest';
import { PRESETS } from './preset.ts';
import { qualityFilters, runFilters } from './quality-filters.ts';
import { FRENCH } from './sample-texts.fixture.ts';

const ARTICLE = `The harbour of the town was dredged before the winter, and the ships that had waited outside could come in again.
Most of the people who live near the water have worked on boats, and they know that storms arrive early in this part of the coast.
This site uses cookies to improve your experience.
Bread was sold from the first ship, while the second one carried maps, linen and a piano for the school at the end of the street.
Nobody had seen a piano before! Who was going to play it? The teacher said that she would learn, and so she did by the next summer [3].`;

const SHORT = ARTICLE.split('\n').slice(0, 2).join(' ').slice(0, 205);

describe('qualityFilters', () => {
  it.each(PRESETS)('come in FineWeb’s order (%s)', async (preset) => {
    const filters = await qualityFilters(preset, { languages: 'en' });
    expect(filters.map(({ name }) => name)).toEqual([
      'language',
      'gopher-repetition',
      'gopher-quality',
      'c4',
      'fineweb',
    ]);
  });

  it.each(PRESETS)('keep prose and hand on what C4 rewrote (%s)', async (preset) => {
    const report = runFilters(await qualityFilters(preset, { languages: 'en' }), { text: ARTICLE });
    expect(report).toEqual({
      keep: true,
      text: ARTICLE.replace('This site uses cookies to improve your experience.\n', '').replace(' [3]', ' '),
      metadata: { language: 'en', language_score: expect.any(Number) },
    });
  });

  it('name the filter that dropped a document', async () => {
    const filters = await qualityFilters('fineweb-head', { languages: 'en' });
    expect(runFilters(filters, FRENCH)).toMatchObject({
      keep: false,
      filter: 'language',
      reason: 'language',
      value: 'fr',
    });
    expect(runFilters(filters, SHORT)).toMatchObject({
      keep: false,
      filter: 'gopher-quality',
      reason: 'gopher_short_doc',
      value: 39,
      limit: 50,
      metadata: { language: 'en' },
    });
  });

  it('refuse an unknown preset and unsaid languages', async () => {
    await expect(qualityFilters('c4' as 'fineweb-head', { languages: 'en' })).rejects.toThrow(
      'preset: expected one of',
    );
    await expect(qualityFilters('fineweb-head', {} as { languages: string })).rejects.toThrow(
      'languages: expected labels',
    );
  });
});
