import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { evaluateClassifier, QualityClassifier, type ScoredText } from '@smol/quality';
import { writeFileAtomic } from '../atomic-write.ts';
import { hash } from '../completion.ts';
import { PretrainError } from '../pretrain-error.ts';
import type { CurationFolder } from './curation-folder.ts';

/** Every tenth example is kept for measuring. */
const HELD_OUT_EVERY = 10;

/**
 * The classifier learned from labelled texts: nine tenths of them, in their order, the rest for the report beside it. It is learned
 * once; other labels, another model.
 *
 * @returns its path
 * @throws PretrainError `INPUT_NOT_FOUND`, `INPUT_DAMAGED` naming the line
 */
export async function trainQuality(
  labelled: string,
  folder: CurationFolder,
  { minimum, epochs }: { minimum: number; epochs: number },
): Promise<string> {
  const status = statSync(labelled, { throwIfNoEntry: false });
  if (!status?.isFile()) throw new PretrainError('INPUT_NOT_FOUND', `quality.labelled: there is no file ${labelled}`);
  const key = hash([labelled, status.size, status.mtimeMs, minimum, epochs]);
  if (existsSync(folder.model) && keyOf(folder.modelReport) === key) return folder.model;
  const examples = await readExamples(labelled);
  const isHeldOut = (_: ScoredText, index: number) => index % HELD_OUT_EVERY === HELD_OUT_EVERY - 1;
  const heldOut = examples.filter(isHeldOut);
  const classifier = QualityClassifier.train(
    examples.filter((example, index) => !isHeldOut(example, index)),
    { epochs },
  );
  classifier.save(folder.model);
  const report = heldOut.length === 0 ? null : evaluateClassifier(classifier, heldOut, { threshold: minimum });
  writeFileAtomic(folder.modelReport, `${JSON.stringify({ key, examples: examples.length, report }, null, 2)}\n`);
  return folder.model;
}

function keyOf(path: string): unknown {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { key?: unknown } | null)?.key;
  } catch {
    // Missing or damaged: learned anew.
    return undefined;
  }
}

async function readExamples(path: string): Promise<ScoredText[]> {
  const examples: ScoredText[] = [];
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    number++;
    if (line.trim() === '') continue;
    examples.push(parseExample(line, `${path}, line ${number}`));
  }
  if (examples.length > 0) return examples;
  throw new PretrainError('INPUT_DAMAGED', `${path}: has no labelled text; expected JSON Lines {"text", "score"}`);
}

function parseExample(line: string, place: string): ScoredText {
  const expected = `expected {"text": "…", "score": 0 to 5}, got ${line.slice(0, 80)}`;
  try {
    const { text, score } = JSON.parse(line) as Partial<ScoredText>;
    if (typeof text === 'string' && typeof score === 'number' && score >= 0 && score <= 5) return { text, score };
  } catch (cause) {
    throw new PretrainError('INPUT_DAMAGED', `${place}: ${expected}`, { cause });
  }
  throw new PretrainError('INPUT_DAMAGED', `${place}: ${expected}`);
}
