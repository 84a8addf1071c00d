// Documents a second of the built package, in a process as users have it: through the loader of the benchmarks the same code
// takes half as long again. Texts as JSON from stdin; prints [documents a second, how many are kept, bytes of those].
import {
  c4Quality,
  finewebQuality,
  gopherQuality,
  gopherRepetition,
  qualityFilters,
  runFilters,
} from '../dist/index.js';

const RUNS = 7;
const [preset, languages] = process.argv.slice(2);
const heuristics = [gopherRepetition, gopherQuality, c4Quality, finewebQuality];
const filters = languages
  ? await qualityFilters(preset, { languages })
  : heuristics.map((create) => create({ preset }));

let input = '';
process.stdin.setEncoding('utf8');
for await (const piece of process.stdin) input += piece;
// Only what every filter keeps, so that all of them run, and flat strings, as a reader hands them over.
const kept = JSON.parse(input)
  .filter((text) => runFilters(filters, text).keep)
  .map((text) => Buffer.from(text).toString());

const seconds = Array.from({ length: RUNS }, () => {
  const start = performance.now();
  for (const text of kept) runFilters(filters, text);
  return (performance.now() - start) / 1000;
});
const median = seconds.toSorted((a, b) => a - b)[(RUNS - 1) / 2];
const bytes = kept.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
console.log(JSON.stringify([kept.length / median, kept.length, bytes]));
