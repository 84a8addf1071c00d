#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { writeFileAtomic } from './atomic-write.ts';
import { inspectRun } from './inspect.ts';
import { curationJsonSchema } from './curation/curation-schema.ts';
import { loadCuration } from './curation/load-curation.ts';
import { loadRecipe } from './load-recipe.ts';
import { PretrainError } from './pretrain-error.ts';
import { jsonProgress, terminalProgress } from './progress.ts';
import { recipeJsonSchema } from './recipe-schema.ts';
import { stepNames, type StepName } from './step.ts';
import { formatSummary } from './summary.ts';
import { usage } from './usage.ts';

const EXIT_USER_ERROR = 1;
const EXIT_BAD_USAGE = 2;
const EXIT_STOPPED = 130;
/** One Ctrl-C reaches us more than once: from the terminal, and from npm or a script that hands it on. */
const SAME_SIGNAL_MS = 1000;

/** The command line was wrong: the message says how. */
class UsageError extends Error {}

const options = {
  runs: { type: 'string', default: 'runs' },
  threads: { type: 'string' },
  html: { type: 'string' },
  svg: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  from: { type: 'string' },
  only: { type: 'string' },
  dump: { type: 'string' },
  samples: { type: 'string', default: '3' },
  teacher: { type: 'string' },
  output: { type: 'string' },
  tokenizer: { type: 'string' },
  method: { type: 'string', default: 'sampled' },
  k: { type: 'string' },
  window: { type: 'string' },
  part: { type: 'string' },
  workers: { type: 'string' },
  engine: { type: 'string', default: 'auto' },
  precision: { type: 'string', default: 'f32' },
  prompt: { type: 'string' },
  tokens: { type: 'string', default: '100' },
  temperature: { type: 'string' },
  'top-k': { type: 'string', default: '50' },
  'top-p': { type: 'string', default: '0.95' },
  seed: { type: 'string', default: '0' },
  speculate: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  version: { type: 'boolean', default: false },
} as const satisfies ParseArgsConfig['options'];

const cacheOptions =
  'teacher output tokenizer method k temperature seed window part workers threads engine precision'.split(' ');

/** Which options a command understands, besides --json, --help and --version. */
const optionsOf: Record<string, readonly string[]> = {
  run: ['runs', 'threads', 'from', 'only'],
  curate: ['runs', 'threads', 'dump'],
  funnel: ['html', 'samples'],
  plan: ['runs', 'html', 'svg', 'dry-run'],
  generate: ['prompt', 'tokens', 'temperature', 'top-k', 'top-p', 'seed', 'speculate'],
  inspect: [],
  'distill-cache': cacheOptions,
  schema: [],
};

function parseCommandLine() {
  try {
    return parseArgs({ options, allowPositionals: true, tokens: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

type Values = ReturnType<typeof parseCommandLine>['values'];

function toNumber(name: string, text: string, { minimum = 0, maximum = Infinity, whole = true } = {}): number {
  const value = Number(text);
  const isNumber = text.trim() !== '' && Number.isFinite(value) && (!whole || Number.isSafeInteger(value));
  if (isNumber && value >= minimum && value <= maximum) return value;
  const range = maximum === Infinity ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  throw new UsageError(`--${name} must be ${whole ? 'an integer' : 'a number'} ${range}, got "${text}"`);
}

function toStep(name: string, text: string | undefined): StepName | undefined {
  if (text === undefined || (stepNames as readonly string[]).includes(text)) return text as StepName | undefined;
  throw new UsageError(`--${name} must be one of ${stepNames.join(', ')}, got "${text}"`);
}

/** The first SIGINT or SIGTERM asks for a clean stop, a later one does not wait for it. */
function stopOnSignals(): AbortSignal {
  const stop = new AbortController();
  let firstAt = 0;
  const onSignal = () => {
    if (!stop.signal.aborted) {
      firstAt = performance.now();
      process.stderr.write('\nstopping: saving what is done (again to stop at once)\n');
      stop.abort();
    } else if (performance.now() - firstAt > SAME_SIGNAL_MS) process.exit(EXIT_STOPPED);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return stop.signal;
}

async function runCommand(recipe: string, values: Values): Promise<void> {
  if (values.from !== undefined && values.only !== undefined)
    throw new UsageError('--from and --only exclude each other');
  const signal = stopOnSignals();
  const options = {
    runs: values.runs,
    threads:
      values.threads === undefined ? undefined : toNumber('threads', values.threads, { minimum: 1, maximum: 256 }),
    progress: values.json ? jsonProgress() : terminalProgress(),
    signal,
    from: toStep('from', values.from),
    only: toStep('only', values.only),
  };
  const loaded = loadRecipe(recipe);
  // Loaded on use: what is wrong with a command line or a recipe is said at once.
  const { runRecipe } = await import('./run-recipe.ts');
  const result = await runRecipe(loaded, options);
  process.stdout.write(values.json ? `${JSON.stringify({ type: 'summary', ...result })}\n` : formatSummary(result));
}

/** The data part alone: raw crawls to a data set. */
async function curateCommand([recipe, ...paths]: readonly string[], values: Values): Promise<void> {
  if (recipe === undefined) throw new UsageError('curate takes a recipe, and files in place of those it names');
  if (values.dump !== undefined && paths.length === 0)
    throw new UsageError('--dump names the crawl of files on the command line; there are none');
  const signal = stopOnSignals();
  const threads =
    values.threads === undefined ? undefined : toNumber('threads', values.threads, { minimum: 1, maximum: 256 });
  const progress = values.json ? jsonProgress() : terminalProgress();
  const inputs = { paths, ...(values.dump !== undefined && { dump: values.dump }) };
  const loaded = loadCuration(recipe);
  const { formatCuration, runCuration } = await import('./curation/run-curation.ts');
  const result = await runCuration(loaded, { runs: values.runs, threads, progress, signal, inputs });
  process.stdout.write(values.json ? `${JSON.stringify({ type: 'summary', ...result })}\n` : formatCuration(result));
}

/** What each step removed, with samples. */
async function funnelCommand(folder: string, values: Values): Promise<void> {
  const samples = toNumber('samples', values.samples, { maximum: 100 });
  const { drawFunnel, funnelPage, readFunnel } = await import('./funnel/index.ts');
  const funnel = await readFunnel(folder, samples);
  if (values.html !== undefined) writeFileAtomic(values.html, funnelPage(funnel));
  const columns = process.stdout.columns || 100;
  process.stdout.write(values.json ? `${JSON.stringify(funnel)}\n` : drawFunnel(funnel, columns));
}

/** Exits 1 when something stands in the way of the run, unless that was asked for. */
async function planCommand(recipe: string, values: Values): Promise<void> {
  const loaded = loadRecipe(recipe);
  const { curveOf, drawAsSvg, formatPlan, makePlan, planPage } = await import('./plan/index.ts');
  const plan = makePlan(loaded, values.runs);
  if (values.html !== undefined) writeFileAtomic(values.html, planPage(plan, loaded));
  if (values.svg !== undefined) writeFileAtomic(values.svg, `${drawAsSvg(curveOf(loaded))}\n`);
  process.stdout.write(values.json ? `${JSON.stringify(plan)}\n` : formatPlan(plan, loaded));
  const isReady = plan.findings.every(({ kind }) => kind !== 'problem');
  if (!isReady && !values['dry-run']) process.exitCode = EXIT_USER_ERROR;
}

async function generateCommand(folder: string, values: Values): Promise<void> {
  if (values.prompt === undefined) throw new UsageError('generate needs --prompt TEXT (or --prompt - to read stdin)');
  const sampling = {
    maxNewTokens: toNumber('tokens', values.tokens, { minimum: 1 }),
    temperature: toNumber('temperature', values.temperature ?? '0.8', { whole: false }),
    topK: toNumber('top-k', values['top-k']),
    topP: toNumber('top-p', values['top-p'], { minimum: 0.001, maximum: 1, whole: false }),
    seed: toNumber('seed', values.seed),
    speculate: values.speculate,
  };
  const prompt = values.prompt === '-' ? readFileSync(0, 'utf8').replace(/\r?\n$/, '') : values.prompt;
  let unwritten = prompt;
  const onText = (text: string) => {
    process.stdout.write(unwritten + text);
    unwritten = '';
  };
  const { generate } = await import('./generate.ts');
  const result = await generate(folder, prompt, { ...sampling, onText: values.json ? undefined : onText });
  process.stdout.write(values.json ? `${JSON.stringify({ prompt, ...result })}\n` : '\n');
}

/** Writes what a teacher expects beside token shards. */
async function distillCacheCommand(targets: readonly string[], values: Values): Promise<void> {
  if (values.teacher === undefined) throw new UsageError('distill-cache needs --teacher FOLDER or --teacher FILE.gguf');
  if (targets.length === 0) throw new UsageError('distill-cache takes token shards (NAME.ds) or run folders');
  const method = toChoice('method', values.method, ['sampled', 'top-k']);
  const optional = (name: 'window' | 'part') =>
    values[name] !== undefined && { [name]: toNumber(name, values[name], { minimum: 1 }) };
  const threads = toNumber('threads', values.threads ?? String(Math.min(8, availableParallelism())), {
    minimum: 1,
    maximum: 256,
  });
  const options = {
    teacher: values.teacher,
    ...(values.output !== undefined && { output: values.output }),
    ...(values.tokenizer !== undefined && { tokenizer: values.tokenizer }),
    method,
    k: toNumber('k', values.k ?? (method === 'sampled' ? '12' : '50'), { minimum: 1 }),
    temperature: toNumber('temperature', values.temperature ?? '1', { minimum: 1e-3, whole: false }),
    seed: toNumber('seed', values.seed),
    ...optional('window'),
    ...optional('part'),
    workers: toNumber('workers', values.workers ?? String(threads), { minimum: 1, maximum: 256 }),
    threads,
    engine: toChoice('engine', values.engine, ['auto', 'tensorflow', 'native', 'wasm', 'cpu']),
    precision: toChoice('precision', values.precision, ['f32', 'bf16']),
  };
  const signal = stopOnSignals();
  const { cacheProgress, distillCache } = await import('./distill-cache/index.ts');
  const { caches } = await distillCache(targets, { ...options, signal, onProgress: cacheProgress(values.json) });
  for (const cache of caches) {
    const { bytes, tokens, unchanged } = cache;
    const size = `${(bytes / Math.max(1, tokens)).toFixed(1)} bytes a token`;
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ type: 'cache', ...cache })}\n`
        : `${cache.cache}  ${tokens} tokens, ${size}${unchanged ? ', unchanged' : ''}\n`,
    );
  }
}

function toChoice<T extends string>(name: string, text: string, choices: readonly T[]): T {
  if ((choices as readonly string[]).includes(text)) return text as T;
  throw new UsageError(`--${name} must be one of ${choices.join(', ')}, got "${text}"`);
}

function checkOptions(command: string, given: readonly string[]): void {
  const known = [...optionsOf[command], 'json', 'help', 'version'];
  const stray = given.find((name) => !known.includes(name));
  if (stray !== undefined) throw new UsageError(`${command} has no option --${stray}`);
}

async function main(): Promise<void> {
  const { values, positionals, tokens } = parseCommandLine();
  const [command, ...targets] = positionals;
  if (values.help || (command === undefined && !values.version)) {
    (values.help ? process.stdout : process.stderr).write(usage);
    process.exitCode = values.help ? 0 : EXIT_BAD_USAGE;
  } else if (values.version) {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    process.stdout.write(`${version}\n`);
  } else if (!(command in optionsOf)) {
    throw new UsageError(`there is no command "${command}"; commands are ${Object.keys(optionsOf).join(', ')}`);
  } else {
    checkOptions(
      command,
      tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : [])),
    );
    await runNamed(command, targets, values);
  }
}

async function runNamed(command: string, targets: readonly string[], values: Values): Promise<void> {
  if (command === 'schema') {
    const [of = 'run', ...others] = targets;
    if (others.length > 0 || !['run', 'curate'].includes(of)) throw new UsageError('schema takes run or curate');
    process.stdout.write(`${JSON.stringify(of === 'run' ? recipeJsonSchema() : curationJsonSchema(), null, 2)}\n`);
    return;
  }
  if (command === 'curate') return curateCommand(targets, values);
  if (command === 'distill-cache') return distillCacheCommand(targets, values);
  if (targets.length !== 1)
    throw new UsageError(`${command} takes one ${command === 'run' || command === 'plan' ? 'recipe' : 'run folder'}`);
  const [target] = targets;
  if (command === 'run') await runCommand(target, values);
  else if (command === 'funnel') await funnelCommand(target, values);
  else if (command === 'plan') await planCommand(target, values);
  else if (command === 'generate') await generateCommand(target, values);
  else process.stdout.write(inspectRun(target, { json: values.json }));
}

/** Errors of the rooms and of the system carry a code and are meant for users; anything else is a bug and shows its stack. */
function isExpected(error: unknown): error is Error {
  const code = error instanceof Error && (error as { code?: unknown }).code;
  return typeof code === 'string' && !code.startsWith('ERR_');
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`smol-pretrain: ${error.message}\nTry: smol-pretrain --help\n`);
    return EXIT_BAD_USAGE;
  }
  process.stderr.write(
    `smol-pretrain: ${isExpected(error) ? error.message : ((error as Error)?.stack ?? String(error))}\n`,
  );
  return error instanceof PretrainError && error.code === 'STOPPED' ? EXIT_STOPPED : EXIT_USER_ERROR;
}

// Whoever reads our output may have seen enough (`| head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? 0 : EXIT_USER_ERROR),
);

let exitCode: number;
try {
  await main();
  exitCode = Number(process.exitCode ?? 0);
} catch (error) {
  exitCode = report(error);
}
// Engine threads and data workers may idle; the work is done. What was printed goes out first.
process.stdout.write('', () => process.exit(exitCode));
