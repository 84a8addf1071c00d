import { describe, expect, it } from 'vitest';
import { formatSummary } from './summary.ts';

describe('formatSummary', () => {
  it('sets what is known under each other', () => {
    const curate = {
      read: 1200,
      kept: 1190,
      sources: {},
      dropped: [{ step: 'dedup', reason: 'exact', documents: 10 }],
      redacted: { emails: 2, ipAddresses: 0 },
    };
    const tokenize = {
      vocabularySize: 400,
      sources: {
        novel: { documents: 1, tokens: 1500, bytes: 3000 },
        later: { documents: 12, tokens: 500, bytes: 1000 },
      },
    };
    expect(formatSummary({ runFolder: '/runs/x', summaries: { curate, tokenize } })).toBe(`
Documents    1,200 in, 1,190 kept, 10 dropped
             10  dedup  exact
             2 e-mail and 0 IP addresses replaced

Tokens       2,000 (vocabulary 400, 2.00 bytes a token)
             1,500  novel   1 document
               500  later  12 documents
`);
  });

  it('keeps what a model wrote on its line and its control characters off the terminal', () => {
    const samples = [{ prompt: 'The', text: ' end\n\u001b[2Jis\tnear' }];
    const evaluate = { before: 4, after: 2, gzip: 3, brotli: 2.5, bytes: 10, samples };
    const text = formatSummary({ runFolder: '/runs/x', summaries: { evaluate } });
    expect(text).toContain('Samples      “The” end [2Jis near\n');
  });

  it('is nothing for a run that has done nothing', () => {
    expect(formatSummary({ runFolder: '/runs/x', summaries: {} })).toBe('');
  });
});
