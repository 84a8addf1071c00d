import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRecipe, parseRecipe } from './load-recipe.ts';
import { PretrainError } from './pretrain-error.ts';

const recipes = join(import.meta.dirname, '../recipes');
const quickstart = readFileSync(join(recipes, 'quickstart.yaml'), 'utf8');

/** The message that a recipe is refused with; every refusal is a PretrainError `RECIPE_INVALID`. */
function refusal(text: string): string {
  try {
    parseRecipe(text, 'test.yaml');
  } catch (error) {
    if (error instanceof PretrainError && error.code === 'RECIPE_INVALID') return error.message;
    throw error;
  }
  throw new Error('the recipe was not refused');
}

/** The quickstart recipe with another value at the first such key. */
const withValue = (key: string, value: string) =>
  quickstart.replace(new RegExp(`\\b${key}: [^ ,}\\n]+`), `${key}: ${value}`);

/** The first line of the quickstart recipe that has this. */
const lineOf = (text: string) => quickstart.split('\n').findIndex((line) => line.includes(text)) + 1;

describe('the recipes that come along', () => {
  // Those of `curate` are held to their own schema, in curation/load-curation.test.ts.
  const curations = ['fineweb.yaml', 'fineweb-edu.yaml', 'finepdfs.yaml'];
  it.each(readdirSync(recipes).filter((file) => !curations.includes(file)))('%s is valid', (file) => {
    expect(loadRecipe(join(recipes, file)).recipe.name).toBe(file.replace('.yaml', ''));
  });

  it('has a comment beside each key of the quickstart that is not a name', () => {
    const bare = quickstart
      .split('\n')
      .filter((line) =>
        /^\s*(seed|sample|preset|languages|dedup|redactPii|vocabularySize|pattern|source|batchSize|decaySteps|qkClip|scaling):/.test(
          line,
        ),
      )
      .filter((line) => !line.includes('#'));
    expect(bare).toEqual([]);
  });
});

describe('parseRecipe', () => {
  it('names an unknown key with its line', () => {
    expect(refusal(quickstart.replace('gradientClip:', 'gradientclip:'))).toMatch(/line \d+: train: .*gradientclip/);
  });

  it('says what was expected and where', () => {
    const message = refusal(withValue('batchSize', 'many'));
    expect(message).toContain(
      `line ${lineOf('batchSize')}: train.batchSize: expected a number of rows, or changes of it such as`,
    );
    expect(refusal(withValue('sequenceLength', 'long'))).toContain(
      `line ${lineOf('sequenceLength')}: train.sequenceLength: Invalid input: expected number, received string`,
    );
    const growing = '[{ fromStep: 0, rows: 16 }, { fromStep: 0, rows: 32 }]';
    expect(refusal(quickstart.replace('batchSize: 16', `batchSize: ${growing}`))).toContain(
      'train.batchSize: changes must begin with fromStep: 0 and ascend',
    );
    expect(refusal(quickstart.replace('batchSize: 16', 'batchSize: 16\n  microBatchRows: 5'))).toContain(
      'train: microBatchRows 5 must divide the 16 rows of a batch',
    );
    const withoutMuon = quickstart.replace(/^  muon:[^]*?(?=^  adamw:)/m, '');
    expect(refusal(withoutMuon)).toContain('train: optimizer muonclip needs the key muon, with its learningRate');
  });

  it('refuses YAML that cannot be read', () => {
    expect(refusal('name: [unclosed')).toContain('test.yaml is not valid YAML');
  });

  it('refuses a mixture of sources that do not exist or are held out', () => {
    expect(refusal(quickstart.replace('{ pages:', '{ page:'))).toContain(
      'train.stages (broad): there is no source "page"',
    );
    expect(refusal(quickstart.replace('{ pages:', '{ recent-speeches:'))).toContain(
      'is held out, not to be trained on',
    );
    expect(refusal(quickstart.replace('source: recent-speeches', 'source: speeches'))).toContain(
      'heldOut.source: there is no source "speeches"',
    );
  });

  it('refuses shapes that do not fit together', () => {
    expect(refusal(withValue('hiddenSize', '100'))).toContain('hiddenSize 100 must be an even multiple');
    expect(refusal(withValue('keyValueHeads', '7'))).toContain('must be a multiple of keyValueHeads 7');
    expect(refusal(withValue('warmupSteps', '10000'))).toContain('exceed the');
  });

  it('says the line of what does not fit, and all of it at once', () => {
    const message = refusal(withValue('keyValueHeads', '7').replace('{ pages:', '{ leaflets:'));
    expect(message).toContain(`line ${lineOf('{ pages:')}: train.stages (broad): there is no source "leaflets"`);
    expect(message).toMatch(
      new RegExp(`line ${lineOf('attentionHeads:')}: model: attentionHeads \\d+ must be a multiple`),
    );
  });

  it('refuses a stage without sources', () => {
    const mixture = /mixture: \{.*\}/;
    expect(refusal(quickstart.replace(mixture, 'mixture: {}'))).toContain(
      'train.stages (broad): the mixture has no source',
    );
  });

  it('refuses aliases without an anchor and avalanches of aliases', () => {
    expect(refusal('name: *nothing')).toContain('test.yaml is not valid YAML');
    const avalanche = Array.from(
      { length: 9 },
      (_, level) =>
        `k${level}: &a${level} [${
          level === 0
            ? 'x'
            : Array(9)
                .fill(`*a${level - 1}`)
                .join(', ')
        }]`,
    );
    expect(refusal(avalanche.join('\n'))).toContain('test.yaml is not valid YAML');
  });

  it('refuses an empty file', () => {
    expect(refusal('')).toContain('line 1: Invalid input: expected object');
  });
});

describe('loadRecipe', () => {
  it('names a recipe that does not exist or is a folder', () => {
    expect(() => loadRecipe('nowhere.yaml')).toThrow('recipe nowhere.yaml does not exist');
    expect(() => loadRecipe(recipes)).toThrow('is a folder; name the .yaml file in it');
  });
});
