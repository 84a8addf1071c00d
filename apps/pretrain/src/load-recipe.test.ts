import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRecipe, parseRecipe, resolvePath } from './load-recipe.ts';
import { PretrainError } from './pretrain-error.ts';

const recipes = join(import.meta.dirname, '../recipes');
const quickstart = readFileSync(join(recipes, 'quickstart.yaml'), 'utf8');

/** The message that a recipe is refused with. */
function refusal(text: string): string {
  try {
    parseRecipe(text, 'test.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(PretrainError);
    expect((error as PretrainError).code).toBe('RECIPE_INVALID');
    return (error as Error).message;
  }
  throw new Error('the recipe was not refused');
}

describe('the recipes that come along', () => {
  it.each(readdirSync(recipes))('%s is valid', (file) => {
    expect(loadRecipe(join(recipes, file)).recipe.name).toBe(file.replace('.yaml', ''));
  });

  it('has a comment beside each key of the quickstart that is not a name', () => {
    const bare = quickstart
      .split('\n')
      .filter((line) => /^\s*(seed|sample|preset|languages|dedup|redactPii|vocabularySize|pattern|source|batchSize|decaySteps|qkClip|scaling):/.test(line))
      .filter((line) => !line.includes('#'));
    expect(bare).toEqual([]);
  });
});

describe('parseRecipe', () => {
  it('names an unknown key with its line', () => {
    expect(refusal(quickstart.replace('gradientClip: 1', 'gradientclip: 1'))).toMatch(/line \d+: train: .*gradientclip/);
  });

  it('says what was expected and where', () => {
    const message = refusal(quickstart.replace('batchSize: 16', 'batchSize: many'));
    const line = quickstart.split('\n').findIndex((text) => text.includes('batchSize')) + 1;
    expect(message).toContain(`line ${line}: train.batchSize: Invalid input: expected number, received string`);
  });

  it('refuses YAML that cannot be read', () => {
    expect(refusal('name: [unclosed')).toContain('test.yaml is not valid YAML');
  });

  it('refuses a mixture of sources that do not exist or are held out', () => {
    expect(refusal(quickstart.replace('pages: 0.35', 'page: 0.35'))).toContain('train.stages (broad): there is no source "page"');
    expect(refusal(quickstart.replace('pages: 0.35', 'recent-speeches: 0.35'))).toContain('is held out, not to be trained on');
    expect(refusal(quickstart.replace('source: recent-speeches', 'source: speeches'))).toContain('heldOut.source: there is no source "speeches"');
  });

  it('refuses shapes that do not fit together', () => {
    expect(refusal(quickstart.replace('attentionHeads: 6', 'attentionHeads: 5'))).toContain('hiddenSize 192 must be an even multiple');
    expect(refusal(quickstart.replace('keyValueHeads: 2', 'keyValueHeads: 4'))).toContain('must be a multiple of keyValueHeads 4');
    expect(refusal(quickstart.replace('warmupSteps: 10', 'warmupSteps: 10000'))).toContain('exceed the');
  });

  it('names a recipe that does not exist', () => {
    expect(() => loadRecipe('nowhere.yaml')).toThrow('recipe nowhere.yaml does not exist');
  });
});

describe('resolvePath', () => {
  const context = { folder: '/recipes', runFolder: '/runs/$1' };

  it('starts relative paths at the recipe and $RUN at the run folder', () => {
    expect(resolvePath('data/*.jsonl', context)).toBe('/recipes/data/*.jsonl');
    expect(resolvePath('$RUN/raw/*.pdf', context)).toBe('/runs/$1/raw/*.pdf');
    expect(resolvePath('/data/a.jsonl', context)).toBe('/data/a.jsonl');
    expect(resolvePath('$RUNNING/a', context)).toBe('/recipes/$RUNNING/a');
  });
});
