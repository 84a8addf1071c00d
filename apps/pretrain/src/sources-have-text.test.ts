import { describe, expect, it } from 'vitest';
import type { Recipe } from './recipe-schema.ts';
import { checkSourcesHaveText } from './sources-have-text.ts';

describe('checkSourcesHaveText', () => {
  const recipe = {
    heldOut: { source: 'later' },
    train: { stages: [{ mixture: { novel: 1 } }, { mixture: { novel: 1, speeches: 1 } }] },
  } as unknown as Recipe;
  const check = (kept: Record<string, number>) => checkSourcesHaveText({ recipe, runFolder: '/runs/tiny' }, kept);

  it('is silent when each source that is used has a document', () => {
    expect(() => check({ novel: 1, speeches: 1, later: 1, unused: 0 })).not.toThrow();
  });

  it('names the source that is empty, where the reasons are and what to do', () => {
    expect(() => check({ novel: 1, speeches: 0, later: 1 })).toThrow(
      /no document is left of the source "speeches".*\n.*filtered.speeches.report\.json.*\n.*filter: false/,
    );
    expect(() => check({ novel: 1, speeches: 1 })).toThrow(
      /the source "later".*\n.*\n.*held-out source other documents/,
    );
    expect(() => check({ later: 1 })).toThrow('no document is left to train on');
  });
});
