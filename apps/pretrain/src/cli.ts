#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { generate } from './generate.ts';
import { inspectRun } from './inspect.ts';
import { loadRecipe } from './load-recipe.ts';
import { PretrainError } from './pretrain-error.ts';
import { jsonProgress, terminalProgress } from './progress.ts';
import { recipeJsonSchema } from './recipe-schema.ts';
import { runRecipe } from './run-recipe.ts';
import { stepNames, type StepName } from './step.ts';
import { formatSummary } from './summary.ts';
import { usage } from './usage.ts';

const EXIT_USER_ERROR = 1;
const EXIT_BAD_USAGE = 2;
const EXIT_STOPPED = 130;

/** The command line was wrong: the message says how. */
class UsageError extends Error {}

const options = {
  runs: { type: 'string', default: 'runs' },
  threads: { type: 'string' },
  from: { type: 'string' },
  only: { type: 'string' },
  prompt: { type: 'string' },
  tokens: { type: 'string', default: '100' },
  temperature: { type: 'string', default: '0.8' },
  'top-k': { type: 'string', default: '50' },
  'top-p': { type: 'string', default: '0.95' },
  seed: { type: 'string', default: '0' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  version: { type: 'boolean', default: false },
} as const satisfies ParseArgsConfig['options'];

function parseCommandLine() {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

type Values = ReturnType<typeof parseCommandLine>['values'];

function toNumber(name: string, text: string, { minimum = 0, whole = true } = {}): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < minimum || (whole && !Number.isInteger(value))) {
    throw new UsageError(`--${name} must be ${whole ? 'an integer' : 'a number'} of at least ${minimum}, got "${text}"`);
  }
  return value;
}

function toStep(name: string, text: string | undefined): StepName | undefined {
  if (text === undefined || (stepNames as readonly string[]).includes(text)) return text as StepName | undefined;
  throw new UsageError(`--${name} must be one of ${stepNames.join(', ')}, got "${text}"`);
}

async function runCommand(recipe: string, values: Values): Promise<void> {
  const stop = new AbortController();
  // The first signal asks for a clean stop, the second one does not wait for it.
  const onSignal = () => (stop.signal.aborted ? process.exit(EXIT_STOPPED) : stop.abort());
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const result = await runRecipe(loadRecipe(recipe), {
    runs: values.runs,
    threads: values.threads === undefined ? undefined : toNumber('threads', values.threads, { minimum: 1 }),
    progress: values.json ? jsonProgress() : terminalProgress(),
    signal: stop.signal,
    from: toStep('from', values.from),
    only: toStep('only', values.only),
  });
  process.stdout.write(values.json ? `${JSON.stringify({ type: 'summary', ...result })}\n` : formatSummary(result));
}

async function generateCommand(folder: string, values: Values): Promise<void> {
  if (values.prompt === undefined) throw new UsageError('generate needs --prompt TEXT (or --prompt - to read stdin)');
  const prompt = values.prompt === '-' ? readFileSync(0, 'utf8').replace(/\n$/, '') : values.prompt;
  if (!values.json) process.stdout.write(prompt);
  const result = await generate(folder, prompt, {
    maxNewTokens: toNumber('tokens', values.tokens, { minimum: 1 }),
    temperature: toNumber('temperature', values.temperature, { whole: false }),
    topK: toNumber('top-k', values['top-k']),
    topP: toNumber('top-p', values['top-p'], { whole: false }),
    seed: toNumber('seed', values.seed),
    onText: values.json ? undefined : (text) => process.stdout.write(text),
  });
  process.stdout.write(values.json ? `${JSON.stringify({ prompt, ...result })}\n` : '\n');
}

async function main(): Promise<void> {
  const { values, positionals } = parseCommandLine();
  const [command, target, ...rest] = positionals;
  if (values.help || (command === undefined && !values.version)) {
    process.stdout.write(usage);
    process.exitCode = values.help ? 0 : EXIT_BAD_USAGE;
  } else if (values.version) {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
    process.stdout.write(`${version}\n`);
  } else if (command === 'schema') {
    process.stdout.write(`${JSON.stringify(recipeJsonSchema(), null, 2)}\n`);
  } else if (!['run', 'generate', 'inspect'].includes(command)) {
    throw new UsageError(`there is no command "${command}"; commands are run, generate, inspect, schema`);
  } else if (target === undefined || rest.length > 0) {
    throw new UsageError(`${command} takes one ${command === 'run' ? 'recipe' : 'run folder'}`);
  } else if (command === 'run') {
    await runCommand(target, values);
  } else if (command === 'generate') {
    await generateCommand(target, values);
  } else {
    process.stdout.write(inspectRun(target, { json: values.json }));
  }
}

/** A user error of any room carries a code; anything else is a bug and shows its stack. */
function report(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`smol-pretrain: ${error.message}\nTry: smol-pretrain --help\n`);
    return EXIT_BAD_USAGE;
  }
  if (error instanceof PretrainError && error.code === 'STOPPED') {
    process.stderr.write(`\nsmol-pretrain: ${error.message}\n`);
    return EXIT_STOPPED;
  }
  const isExpected = error instanceof Error && typeof (error as { code?: unknown }).code === 'string';
  process.stderr.write(`\nsmol-pretrain: ${isExpected ? error.message : ((error as Error)?.stack ?? String(error))}\n`);
  return EXIT_USER_ERROR;
}

let exitCode: number;
try {
  await main();
  exitCode = Number(process.exitCode ?? 0);
} catch (error) {
  exitCode = report(error);
}
// Engine threads and data workers may idle; the work is done. What was printed goes out first.
process.stdout.write('', () => process.exit(exitCode));
