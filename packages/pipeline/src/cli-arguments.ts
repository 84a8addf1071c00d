import { parseArgs } from 'node:util';

/** The command line makes no sense; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const HELP = `smol-pipeline: streams documents through steps, in parallel, and goes on where it was stopped

Usage: smol-pipeline run CONFIG.json | MODULE.mjs [options]
       smol-pipeline status DIR...         tasks done, running, failed and left, with rates
       smol-pipeline failed DIR...         failed tasks: input, error, and the command that runs them again
       smol-pipeline report DIR...         what each step removed and why, and the time it took
       smol-pipeline merge-stats DIR...    counts and statistics of the finished tasks of all folders, as JSON

CONFIG.json has the options of runPipeline: stepsModule, inputs, outputFolder, options, workers, splitBytes, retries, …;
paths in it start at its folder, inputs may be patterns. MODULE.mjs exports createSteps; then --input and --output are needed.

Options of run, before those of CONFIG:
  -i, --input PATH       a file or pattern, any number of times
  -o, --output DIR       folder of the results; what is finished there is not done again
      --options JSON     for createSteps
      --workers N        worker threads (default: the cores)
      --rank R --world-size W    this machine's share: tasks R, R + W, R + 2 W, …; all share the folder
      --tasks A,B,…      only these tasks
      --retries N        how often a failing task is tried again
      --split-bytes N    size of the parts in which an input is read; 0: whole (default 256 MiB)
      --restart          do everything again, whatever is there
      --redo-changed     do again what was done with other settings, steps or inputs (otherwise an error says what changed)

  -o, --output FILE      of merge-stats: write there
      --json             results as JSON on standard output; of run also progress, as JSON lines on standard error
  -q, --quiet            no talk on standard error
  -h, --help             this text
      --version          version of the program

Exit codes: 0 all well, 1 a task failed or something is wrong with data or files, 2 bad usage, 130 stopped by Ctrl-C.

Examples:
  smol-pipeline run crawl.json --workers 8 --retries 2
  smol-pipeline run filters.mjs -i 'crawl/*.jsonl.gz' -o out --options '{"minimum":200}'
  smol-pipeline run crawl.json --rank 3 --world-size 16      on each of 16 machines
  smol-pipeline status out && smol-pipeline failed out
  smol-pipeline merge-stats out-*/ -o stats.json
`;

const COMMANDS = ['run', 'status', 'failed', 'report', 'merge-stats'] as const;
export type Command = (typeof COMMANDS)[number];

/** What the command line asks for. */
export interface CliArguments {
  readonly command: Command;
  /** The configuration or module of `run`, the folders of the others. */
  readonly paths: readonly string[];
  readonly json: boolean;
  readonly quiet: boolean;
  readonly inputs?: readonly string[];
  readonly output?: string;
  readonly options?: unknown;
  readonly workers?: number;
  readonly rank?: number;
  readonly worldSize?: number;
  readonly tasks?: readonly number[];
  readonly retries?: number;
  readonly splitBytes?: number | false;
  readonly restart?: 'if-changed' | 'always';
}

const OPTIONS = {
  input: { type: 'string', short: 'i', multiple: true },
  output: { type: 'string', short: 'o' },
  options: { type: 'string' },
  workers: { type: 'string' },
  rank: { type: 'string' },
  'world-size': { type: 'string' },
  tasks: { type: 'string' },
  retries: { type: 'string' },
  'split-bytes': { type: 'string' },
  restart: { type: 'boolean' },
  'redo-changed': { type: 'boolean' },
  json: { type: 'boolean' },
  quiet: { type: 'boolean', short: 'q' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/** Options that only `run` has. */
const OF_RUN = ['input', 'options', 'workers', 'rank', 'world-size', 'tasks', 'retries', 'split-bytes', 'restart', 'redo-changed'] as const; // prettier-ignore

/** @throws UsageError */
export function parseCliArguments(args: string[]): CliArguments | 'help' | 'version' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  if (values.version) return 'version';
  const [command, ...paths] = positionals;
  if (!isCommand(command)) {
    throw new UsageError(`the command must be one of ${COMMANDS.join(', ')}, got ${command ?? 'none'}; see --help`);
  }
  checkPaths(command, paths);
  const misplaced = OF_RUN.find((name) => command !== 'run' && values[name] !== undefined);
  if (misplaced !== undefined) throw new UsageError(`--${misplaced} is an option of run, not of ${command}`);
  if (values.restart && values['redo-changed']) throw new UsageError('give --restart or --redo-changed, not both');
  const splitBytes = wholeNumber('split-bytes', values['split-bytes']);
  return {
    command,
    paths,
    json: values.json ?? false,
    quiet: values.quiet ?? false,
    inputs: values.input,
    output: values.output,
    options: parseJson(values.options),
    workers: wholeNumber('workers', values.workers),
    retries: wholeNumber('retries', values.retries),
    rank: wholeNumber('rank', values.rank),
    worldSize: wholeNumber('world-size', values['world-size']),
    tasks: values.tasks?.split(',').map((task) => wholeNumber('tasks', task) ?? 0),
    splitBytes: splitBytes === 0 ? false : splitBytes,
    restart: values.restart ? 'always' : values['redo-changed'] ? 'if-changed' : undefined,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message}; see --help`, { cause });
  }
}

function isCommand(name: string | undefined): name is Command {
  return (COMMANDS as readonly (string | undefined)[]).includes(name);
}

function checkPaths(command: Command, paths: readonly string[]): void {
  if (command === 'run' && paths.length !== 1) {
    throw new UsageError(`run needs one CONFIG.json or MODULE.mjs, got ${paths.length}; inputs are given by --input`);
  }
  if (paths.length === 0) throw new UsageError(`${command} needs the output folder of a run`);
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} must be a whole number, got ${text}`);
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`--options must be JSON, such as '{"minimum":200}': ${(cause as Error).message}`, { cause });
  }
}
