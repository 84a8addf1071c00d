// Reads documents {id, text} as JSON Lines from stdin; prints {id, PRESET: [reason of each filter]}. Used by differential.py.
import { createInterface } from 'node:readline';
import { c4Quality, finewebQuality, gopherQuality, gopherRepetition, PRESETS } from '../dist/index.js';

const FILTERS = [gopherRepetition, gopherQuality, c4Quality, finewebQuality];
const rows = PRESETS.map((preset) => [preset, FILTERS.map((create) => create({ preset }))]);
const documents = [];
for await (const line of createInterface({ input: process.stdin })) documents.push(JSON.parse(line));

const verdicts = documents.map(({ id }) => ({ id, seconds: 0 }));
for (const [preset, filters] of rows) {
  for (const run of ['warm up', 'measured']) {
    const start = performance.now();
    documents.forEach(({ text }, index) => {
      // Every filter reads the document as it came, so that one early drop does not hide the later rules.
      verdicts[index][preset] = filters.map((filter) => {
        const result = filter.check(text);
        return result.keep ? 'keep' : result.reason;
      });
    });
    if (run === 'measured') console.error(`${preset} ${documents.length / ((performance.now() - start) / 1000)}`);
  }
}
for (const { seconds: _, ...row } of verdicts) console.log(JSON.stringify(row));
