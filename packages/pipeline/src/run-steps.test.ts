import { describe, expect, it } from 'vitest';
import type { Step, StepResult } from './document.ts';
import { filterStep } from './filter-step.ts';
import { collect, documentsOf } from './fixtures/temporary-folder.ts';
import { PipelineError } from './pipeline-error.ts';
import { formatReport } from './report.ts';
import { runSteps } from './run-steps.ts';
import type { RemovedDocument } from './step-runner.ts';

const trim: Step = { name: 'trim', process: (document) => ({ ...document, text: document.text.trim() }) };
const words: Step = {
  name: 'words',
  async process(document, { count }) {
    const value = document.text.split(' ').length;
    count('words', value);
    return value < 2 ? { drop: 'too_few', value, limit: 2 } : document;
  },
};

describe('runSteps', () => {
  it('passes documents through the steps in order, and counts each step', async () => {
    const removed: RemovedDocument[] = [];
    const run = runSteps(documentsOf(' a b ', 'c', 'd e f'), [trim, words], { onDrop: (drop) => removed.push(drop) });
    expect((await collect(run)).map(({ text }) => text)).toEqual(['a b', 'd e f']);
    expect(run.counts).toEqual({
      read: 3,
      kept: 2,
      keptCharacters: 8,
      unreadable: {},
      steps: [
        { name: 'trim', version: undefined, in: 3, out: 3, dropped: {}, counts: {} },
        { name: 'words', version: undefined, in: 3, out: 2, dropped: { too_few: 1 }, counts: { words: 6 } },
      ],
    });
    expect(removed).toEqual([
      { document: { id: 'd1', text: 'c', metadata: {} }, step: 'words', drop: { drop: 'too_few', value: 1, limit: 2 } },
    ]);
  });

  it('lets a step give several documents, some of them dropped, or none', async () => {
    const split: Step = {
      name: 'split',
      process({ id, text, metadata }) {
        if (text === 'none') return null;
        return text.split('|').map((part) => (part === '' ? { drop: 'empty' } : { id, text: part, metadata }));
      },
    };
    const run = runSteps(documentsOf('a b||c d', 'none', 'e'), [split, words]);
    expect((await collect(run)).map(({ text }) => text)).toEqual(['a b', 'c d']);
    expect(run.counts.steps.map(({ in: seen, out, dropped }) => ({ seen, out, dropped }))).toEqual([
      { seen: 3, out: 3, dropped: { empty: 1, dropped: 1 } },
      { seen: 3, out: 2, dropped: { too_few: 1 } },
    ]);
  });

  it('counts what the reader could not read', async () => {
    const run = runSteps([{ drop: 'damaged_line' }, ...documentsOf('a b')], [words]);
    expect(await collect(run)).toHaveLength(1);
    expect(run.counts).toMatchObject({ read: 2, kept: 1, unreadable: { damaged_line: 1 } });
  });

  it('makes steps of filters', async () => {
    const filter = {
      name: 'no_x',
      check: ({ text }: { text: string }) =>
        text.includes('x')
          ? ({ keep: false, reason: 'has_x', value: text } as const)
          : ({ keep: true, text: `${text}!` } as const),
    };
    const run = runSteps(documentsOf('a', 'x'), [filterStep(filter, '2')]);
    expect((await collect(run)).map(({ text }) => text)).toEqual(['a!']);
    expect(run.counts.steps[0]).toMatchObject({ name: 'no_x', version: '2', dropped: { has_x: 1 } });
  });

  it('names the step and the record when one fails', async () => {
    const bad: Step = {
      name: 'bad',
      process(document) {
        if (document.text === 'b') throw new RangeError('too odd');
        return document;
      },
    };
    const run = runSteps(documentsOf('a', 'b', 'c'), [bad], { input: 'x.jsonl' });
    await expect(collect(run)).rejects.toThrow(
      expect.objectContaining({
        code: 'RECORD_FAILED',
        message: expect.stringContaining('step "bad" failed on record 2 (id "d1") of x.jsonl: too odd'),
        cause: expect.any(RangeError),
      }),
    );
    const tolerant = runSteps(documentsOf('a', 'b', 'c'), [bad], { onRecordError: 'drop' });
    expect((await collect(tolerant)).map(({ text }) => text)).toEqual(['a', 'c']);
    expect(tolerant.counts.steps[0].dropped).toEqual({ record_error: 1 });
  });

  it.each([undefined, 5, 'text', { id: 'a' }, [{ text: 1 }], { id: 'a', text: 'b', metadata: [] }])(
    'refuses %j from a step',
    async (result) => {
      const step: Step = { name: 'odd', process: () => result as unknown as StepResult };
      await expect(collect(runSteps(documentsOf('a'), [step]))).rejects.toThrow(
        'a step must give { id, text, metadata }',
      );
    },
  );

  it('refuses what is no document from a reader', async () => {
    const odd = [null, 'a', { id: 'a' }] as unknown as ReturnType<typeof documentsOf>;
    for (const item of odd) await expect(collect(runSteps([item], []))).rejects.toThrow('the reader must give');
  });

  it('refuses names that repeat or cannot name a file, and reasons without end', async () => {
    expect(() => runSteps([], [trim, trim])).toThrow('two steps are named "trim"');
    expect(() => runSteps([], [{ ...trim, name: 'a/b' }])).toThrow(PipelineError);
    expect(() => runSteps([], [{ ...trim, name: 'read' }])).toThrow(PipelineError);
    const chatty: Step = { name: 'chatty', process: ({ id }) => ({ drop: id }) };
    const many = documentsOf(...Array.from({ length: 200 }, String));
    await expect(collect(runSteps(many, [chatty]))).rejects.toThrow(
      expect.objectContaining({ code: 'TOO_MANY_REASONS' }),
    );
  });

  it('counts reasons named like parts of an object', async () => {
    const run = runSteps(documentsOf('a', 'b'), [{ name: 'toString', process: () => ({ drop: 'constructor' }) }]);
    await collect(run);
    expect(run.counts.steps[0].dropped).toEqual({ constructor: 2 });
  });
});

describe('formatReport', () => {
  it('shows each step, and under it the reasons, the commonest first', async () => {
    const run = runSteps([{ drop: 'damaged_line' }, ...documentsOf('a b', 'c', 'd')], [trim, words]);
    await collect(run);
    expect(formatReport(run.counts)).toBe(
      [
        'read               4 →          3  75.0 %',
        '  −        1  damaged_line',
        'trim               3 →          3  100.0 %',
        'words              3 →          1  33.3 %',
        '  −        2  too_few',
        'kept               4 →          1  25.0 %',
      ].join('\n'),
    );
  });
});
