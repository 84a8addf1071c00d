import { resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { UsageError, type CliArguments, type Command } from './cli-arguments.ts';
import { evaluateClassifier } from './evaluate-classifier.ts';
import { fineweb2Config, FINEWEB2_LANGUAGES, loadFineWeb2Config } from './fineweb2-config.ts';
import { fineweb2Filters } from './fineweb2-filters.ts';
import { readJsonLines } from './json-lines.ts';
import { labelFile } from './label-file.ts';
import { LanguageIdentifier } from './language-identifier.ts';
import { segmenterFor } from './language-segmenters.ts';
import { fileWriter, streamWriter, type LineWriter } from './line-writer.ts';
import type { Preset } from './preset.ts';
import { DCLM_TRAINING, QualityClassifier, type LabelledText, type ScoredText } from './quality-classifier.ts';
import { QualityError } from './quality-error.ts';
import { qualityFilters, runFilters } from './quality-filters.ts';
import type { QualityFilter } from './verdict.ts';

/** The streams a command talks through. */
export interface CliStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** A document of a file; whatever else it holds is handed through. */
type Row = Record<string, unknown> & { text: string };

/** Runs one command; the summary it returns is printed by the caller. */
export const COMMANDS: Record<Command, (given: CliArguments, streams: CliStreams) => Promise<object>> = {
  check,
  label,
  train,
  score,
  evaluate,
};

async function* rows({ inputs }: CliArguments, { stdin }: CliStreams): AsyncGenerator<Row> {
  for (const input of inputs) {
    for await (const { row, line, source } of readJsonLines(input, stdin)) {
      if (typeof row.text !== 'string') {
        throw new QualityError(
          'INVALID_INPUT',
          `${source}:${line}: expected a "text", got ${JSON.stringify(row.text) ?? 'none'}`,
        );
      }
      yield row as Row;
    }
  }
}

function required({ command, strings }: CliArguments, name: string): string {
  if (strings[name] !== undefined) return strings[name];
  throw new UsageError(`${command}: expected --${name}, got none; see --help`);
}

/** A writer for an option; no file may be written over an input or over another output. */
function openOutput(given: CliArguments, name: string, streams: CliStreams, fallback?: '-'): LineWriter | undefined {
  const path = given.strings[name] ?? fallback;
  if (path === undefined) return undefined;
  if (path === '-') return streamWriter(streams.stdout);
  const others = [
    ...given.inputs,
    ...['output', 'removed'].filter((other) => other !== name).map((other) => given.strings[other]),
  ];
  if (others.some((other) => other !== undefined && resolve(other) === resolve(path))) {
    throw new UsageError(`--${name}: ${path} is an input or another output; choose another name`);
  }
  return fileWriter(path);
}

/** Opens outputs, runs, closes them; on failure nothing of them is left. */
async function withOutputs<T>(writers: readonly (LineWriter | undefined)[], run: () => Promise<T>): Promise<T> {
  try {
    const result = await run();
    for (const writer of writers) await writer?.close();
    return result;
  } catch (error) {
    for (const writer of writers) writer?.abort();
    throw error;
  }
}

async function filtersFor({ strings }: CliArguments): Promise<QualityFilter[]> {
  const { preset = 'fineweb-head', languages = 'en' } = strings;
  const language = strings['language-config'];
  if (language === undefined) {
    return qualityFilters(preset as Preset, { languages: languages === 'all' ? 'all' : languages.split(',') });
  }
  const config = FINEWEB2_LANGUAGES.includes(language) ? fineweb2Config(language) : await loadFineWeb2Config(language);
  const code = /([a-z]{2,3}_[A-Z][a-z]{3})(?:\.ya?ml)?$/.exec(language)?.[1] ?? language;
  const label = strings['language-label'];
  return fineweb2Filters({
    config,
    segmenter: segmenterFor(code),
    language: label === undefined ? undefined : { identifier: await LanguageIdentifier.load(), label },
  });
}

async function check(given: CliArguments, streams: CliStreams): Promise<object> {
  const filters = await filtersFor(given);
  const kept = openOutput(given, 'output', streams, '-')!;
  const removed = openOutput(given, 'removed', streams);
  const counts: Record<string, number> = {};
  const summary = { documents: 0, kept: 0, dropped: counts };
  return withOutputs([kept, removed], async () => {
    for await (const row of rows(given, streams)) {
      const report = runFilters(filters, row);
      const document = { ...row, text: report.text, metadata: { ...(row.metadata as object), ...report.metadata } };
      summary.documents++;
      if (report.keep) {
        summary.kept++;
        await kept.write(document);
        continue;
      }
      const { filter, reason, value, limit } = report;
      counts[`${filter}/${reason}`] = (counts[`${filter}/${reason}`] ?? 0) + 1;
      await removed?.write({
        ...document,
        metadata: { ...document.metadata, filter, filter_reason: reason, value, limit },
      });
    }
    return summary;
  });
}

async function label(given: CliArguments, streams: CliStreams): Promise<object> {
  const { inputs, numbers, strings } = given;
  if (inputs.length !== 1 || inputs[0] === '-')
    throw new UsageError('label: expected one input file, so that it can be resumed');
  const variable = strings['key-variable'] ?? 'OPENAI_API_KEY';
  const { 'prompt-price': prompt = 0, 'completion-price': completion = 0 } = numbers;
  const shown = Date.now();
  return labelFile(inputs[0], required(given, 'output'), {
    baseUrl: required(given, 'endpoint'),
    model: required(given, 'model'),
    apiKey: process.env[variable],
    concurrency: numbers.concurrency,
    attempts: numbers.attempts,
    maximumCharacters: numbers.characters,
    prices: { prompt, completion },
    onProgress: ({ labelled, failed, retries }) => {
      if ((labelled + failed) % 1000 !== 0) return;
      const rate = ((labelled + failed) * 1000) / (Date.now() - shown);
      streams.stderr.write(`${labelled} labelled, ${failed} failed, ${retries} retries, ${rate.toFixed(1)} a second\n`);
    },
  });
}

async function examples(given: CliArguments, streams: CliStreams): Promise<(LabelledText | ScoredText)[]> {
  const list: (LabelledText | ScoredText)[] = [];
  for await (const row of rows(given, streams)) {
    // What `label` could not score teaches nothing.
    if (row.error === undefined || row.score !== undefined) list.push(row as unknown as LabelledText);
  }
  return list;
}

async function train(given: CliArguments, streams: CliStreams): Promise<object> {
  const { numbers, strings, flags } = given;
  const output = required(given, 'output');
  const list = await examples(given, streams);
  const said = {
    dimension: numbers.dimension,
    wordNgrams: numbers.ngrams,
    buckets: numbers.buckets,
    epochs: numbers.epochs,
    learningRate: numbers['learning-rate'],
    minimumCount: numbers['minimum-count'],
    seed: numbers.seed,
    loss: strings.loss as 'softmax' | undefined,
    positiveLabel: strings.positive,
  };
  const settings = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  const classifier = QualityClassifier.train(list, { ...(flags.has('dclm') && DCLM_TRAINING), ...settings });
  classifier.save(output);
  return { examples: list.length, kind: classifier.kind, labels: classifier.labels, model: output };
}

async function score(given: CliArguments, streams: CliStreams): Promise<object> {
  const { numbers, strings } = given;
  const classifier = QualityClassifier.load(required(given, 'model'), { positiveLabel: strings.positive });
  const { minimum = -Infinity } = numbers;
  const kept = openOutput(given, 'output', streams, '-')!;
  const removed = openOutput(given, 'removed', streams);
  const summary = { documents: 0, kept: 0 };
  return withOutputs([kept, removed], async () => {
    for await (const row of rows(given, streams)) {
      const value = classifier.score(row.text);
      const document = { ...row, metadata: { ...(row.metadata as object), [strings.key ?? 'quality_score']: value } };
      summary.documents++;
      if (value >= minimum) summary.kept++;
      await (value >= minimum ? kept : removed)?.write(document);
    }
    return summary;
  });
}

async function evaluate(given: CliArguments, streams: CliStreams): Promise<object> {
  const classifier = QualityClassifier.load(required(given, 'model'), { positiveLabel: given.strings.positive });
  return evaluateClassifier(classifier, await examples(given, streams), { threshold: given.numbers.threshold });
}
