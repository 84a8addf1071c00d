import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CliArguments } from './cli-arguments.ts';
import { listInputs } from './file-list.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';
import type { PipelineOptions } from './pipeline-options.ts';

/** What a configuration file may hold. */
const KEYS: readonly (keyof PipelineOptions)[] = [
  'stepsModule', 'inputs', 'outputFolder', 'options', 'output', 'keepRemoved', 'onRecordError', 'version', 'splitBytes',
  'checkpointRecords', 'checkpointSeconds', 'workers', 'workerMegabytes', 'rank', 'worldSize', 'tasks', 'retries', 'restart',
]; // prettier-ignore

type Config = Partial<Omit<PipelineOptions, 'stepsModule'>> & { stepsModule?: string };

/**
 * The options of a run: those of a configuration file or module, and before them those of the command line.
 *
 * @throws PipelineError FILE_NOT_FOUND, INVALID_ARGUMENT
 */
export async function pipelineOptions(asked: CliArguments): Promise<PipelineOptions> {
  const [path] = asked.paths;
  if (!existsSync(path)) throw new PipelineError('FILE_NOT_FOUND', `there is no file ${path}`);
  const config =
    extname(path) === '.json' ? await readConfig(path) : { stepsModule: pathToFileURL(resolve(path)).href };
  const outputFolder = asked.output ?? config.outputFolder;
  if (outputFolder === undefined) throw missing('an output folder', '--output DIR', 'outputFolder', path);
  if (config.stepsModule === undefined) throw missing('a steps module', 'stepsModule in it', 'stepsModule', path);
  const inputs = asked.inputs ? await filesMatching(asked.inputs, '.') : config.inputs;
  if (inputs === undefined) throw missing('inputs', '--input PATH', 'inputs', path);
  const { options, workers, rank, worldSize, tasks, retries, splitBytes, restart } = asked;
  const given = { options, workers, rank, worldSize, tasks, retries, splitBytes, restart };
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const named = { stepsModule: config.stepsModule, inputs, outputFolder };
  return { ...config, ...set, ...named, command: commandLine(asked) };
}

/** What a person types to run the same again. */
function commandLine({ paths, inputs = [], output, options, splitBytes }: CliArguments): string {
  const words = [
    'smol-pipeline',
    'run',
    ...paths,
    ...inputs.flatMap((input) => ['--input', input]),
    ...(output === undefined ? [] : ['--output', output]),
    ...(options === undefined ? [] : ['--options', JSON.stringify(options)]),
    ...(splitBytes === undefined ? [] : ['--split-bytes', String(Number(splitBytes))]),
  ];
  return words
    .map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`))
    .join(' ');
}

async function readConfig(path: string): Promise<Config> {
  const config = parseConfig(path);
  const unknown = Object.keys(config).find((key) => !(KEYS as readonly string[]).includes(key));
  if (unknown !== undefined) throw invalid(`${path} has the unknown key "${unknown}"; known are ${KEYS.join(', ')}`);
  const { stepsModule, inputs, outputFolder } = config;
  if (inputs !== undefined && !(Array.isArray(inputs) && inputs.every((input) => typeof input === 'string'))) {
    throw invalid(`inputs in ${path} must be a list of paths, got ${JSON.stringify(inputs).slice(0, 80)}`);
  }
  const folder = dirname(path);
  return {
    ...config,
    ...(stepsModule && {
      stepsModule: URL.canParse(stepsModule) ? stepsModule : pathToFileURL(resolve(folder, stepsModule)).href,
    }),
    ...(inputs && { inputs: await filesMatching(inputs, folder) }),
    ...(outputFolder && { outputFolder: fromHere(resolve(folder, outputFolder)) }),
  };
}

function parseConfig(path: string): Config {
  try {
    const config: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config;
  } catch (cause) {
    throw new PipelineError('INVALID_ARGUMENT', `${path} is not JSON: ${messageOf(cause)}`, { cause });
  }
  throw invalid(`${path} must hold a JSON object`);
}

/** The files that paths and patterns stand for; absolute, so that a run is the same from any folder. */
async function filesMatching(patterns: readonly string[], folder: string): Promise<string[]> {
  const whole = patterns.map((pattern) => (pattern.includes('://') ? pattern : resolve(folder, pattern)));
  const found = await Promise.all(whole.map((path) => (isFile(path) ? [path] : listInputs([path]))));
  return [...new Set(found.flat())];
}

/** A name with special characters that is there is that file, not a pattern. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** A path as short as it can be said from the working folder. */
function fromHere(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}

function missing(what: string, flag: string, key: string, path: string): PipelineError {
  return invalid(`${path} needs ${what}: give ${flag}, or "${key}" in a CONFIG.json`);
}

function invalid(message: string): PipelineError {
  return new PipelineError('INVALID_ARGUMENT', message);
}
