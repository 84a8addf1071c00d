// Our side of sentences and decontamination in scripts/oracle.py: reads {texts, examples, spanSentences, ngram} from stdin.
import { readFileSync } from 'node:fs';
import { Decontaminator, SentenceDeduplicator } from '../dist/index.js';

const { texts, examples, spanSentences, ngram } = JSON.parse(readFileSync(0, 'utf8'));
const split = (text) => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
const sentences = new SentenceDeduplicator({ spanSentences, minimumWords: 3, minimumSentences: 2, split });
const decontaminator = new Decontaminator({ ngram });
for (const example of examples) decontaminator.add(example);
const answer = {
  sentences: texts.map((text) => sentences.add({ id: '', text })).map(({ text, kept }) => (kept ? text : null)),
  found: texts.map((text) => decontaminator.find(text)?.ngram ?? null),
};
process.stdout.write(JSON.stringify(answer));
