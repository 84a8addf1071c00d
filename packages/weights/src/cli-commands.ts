/** What `smol-weights` does; each command writes results to stdout and talk to stderr. */
import type { Writable } from 'node:stream';
import { convertModel } from './convert-model.ts';
import type { QuantizationType } from './ggml-type.ts';
import type { StoredWeights } from './stored-weights.ts';
import { openStoredWeights } from './stored-weights.ts';
import { WeightsError } from './weights-error.ts';

/** Where a command writes: `process`, or streams of a test. */
export interface CliStreams {
  stdout: Writable;
  stderr: Writable;
}

/** Options of all commands. */
export interface CliOptions {
  files: string[];
  type?: QuantizationType;
  name?: string;
  json: boolean;
}

const line = (stream: Writable, text: string): void => void stream.write(`${text}\n`);

async function withWeights<T>(path: string, use: (weights: StoredWeights) => Promise<T>): Promise<T> {
  const weights = await openStoredWeights(path);
  try {
    return await use(weights);
  } finally {
    await weights.close();
  }
}

const short = (value: unknown): string => {
  const text = JSON.stringify(value) ?? '';
  return text.length > 100 ? `${text.slice(0, 97)}…` : text;
};

function totals(weights: StoredWeights): { tensors: number; parameters: number; bytes: number } {
  const all = [...weights.tensors.values()];
  const parameters = all.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  return { tensors: all.length, parameters, bytes: all.reduce((sum, { bytes }) => sum + bytes, 0) };
}

async function inspectOne(
  path: string,
  weights: StoredWeights,
  { json }: CliOptions,
  { stdout }: CliStreams,
): Promise<void> {
  const { kind, metadata, tensors } = weights;
  if (json) {
    line(stdout, JSON.stringify({ path, kind, ...totals(weights), metadata, tensors: Object.fromEntries(tensors) }));
    return;
  }
  const { parameters, bytes, tensors: count } = totals(weights);
  line(stdout, `${path}: ${kind}, ${count} tensors, ${parameters} parameters, ${bytes} bytes`);
  for (const [key, value] of Object.entries(metadata)) line(stdout, `  ${key} = ${short(value)}`);
  for (const [name, { type, shape, bytes: size }] of tensors) line(stdout, `  ${name}\t${type}\t[${shape}]\t${size}`);
}

async function inspect(options: CliOptions, streams: CliStreams): Promise<void> {
  for (const path of options.files) {
    await withWeights(path, (weights) => inspectOne(path, weights, options, streams));
  }
}

/** Reads every byte of every file; goes on after a bad one. */
async function verify({ files, json }: CliOptions, { stdout, stderr }: CliStreams): Promise<void> {
  let bad = 0;
  for (const path of files) {
    try {
      const found = await withWeights(path, async (weights) => {
        for (const name of weights.tensors.keys()) await weights.check(name);
        return totals(weights);
      });
      line(stdout, json ? JSON.stringify({ path, ok: true, ...found }) : `${path}: ok, ${found.tensors} tensors`);
    } catch (error) {
      if (!(error instanceof WeightsError)) throw error;
      bad++;
      if (json) line(stdout, JSON.stringify({ path, ok: false, code: error.code, error: error.message }));
      else line(stderr, `smol-weights: ${error.message}`);
    }
  }
  if (bad > 0) throw new WeightsError('BAD_TENSOR', `${bad} of ${files.length} are damaged`);
}

async function convert({ files, type, name, json }: CliOptions, { stdout, stderr }: CliStreams): Promise<void> {
  const [input, output] = files;
  const errors = await convertModel(input, output, { type, name });
  for (const error of errors) {
    const { relativeError, largestError, bytes } = error;
    const measured = `${relativeError.toExponential(2)}\t${largestError.toExponential(2)}`;
    line(
      stdout,
      json ? JSON.stringify(error) : `${error.name}\t${error.type}\t[${error.shape}]\t${bytes}\t${measured}`,
    );
  }
  line(stderr, `wrote ${output}`);
}

/** The commands by name. */
export const COMMANDS = { inspect, convert, verify };
