/**
 * One library at work, in a process of its own, so that no heap and no compiled code of another disturbs it:
 * `node contender.mjs JOB` takes a job in JSON and prints its result. Each library is used as its users would use it: on
 * several threads by its own means where it has some, else in worker threads that get texts and give ids.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

const RUNS = 3;
const LIBRARIES = {
  async ours({ dist }) {
    const { tiktokenEncoding } = await import(`${dist}/tiktoken.js`);
    const tokenizer = tiktokenEncoding('cl100k_base');
    return { encode: (text) => tokenizer.encode(text), count: (text) => tokenizer.count(text), tokenizer };
  },
  async 'gpt-tokenizer'() {
    const { countTokens, encode } = await import('gpt-tokenizer/encoding/cl100k_base');
    const plain = { disallowedSpecial: new Set() };
    return { encode: (text) => encode(text, plain), count: (text) => countTokens(text, plain) };
  },
  async tiktoken() {
    const encoding = (await import('tiktoken')).get_encoding('cl100k_base');
    return { encode: (text) => encoding.encode_ordinary(text) };
  },
  async 'js-tiktoken'() {
    const encoding = (await import('js-tiktoken')).getEncoding('cl100k_base');
    return { encode: (text) => encoding.encode(text, [], []) };
  },
  async '@huggingface/tokenizers'({ tokenizerJson }) {
    const { Tokenizer } = await import('@huggingface/tokenizers');
    const tokenizer = new Tokenizer(JSON.parse(readFileSync(tokenizerJson, 'utf8')), {});
    return { encode: (text) => tokenizer.encode(text).ids };
  },
};

/** Gives a function that does a task on all of some texts. */
async function opened(job) {
  const { library, task, threads } = job;
  if (library === 'tokenizers') {
    const { Tokenizer } = await import('tokenizers');
    const tokenizer = Tokenizer.fromString(readFileSync(job.tokenizerJson, 'utf8'));
    return async (texts) => (await tokenizer.encodeBatch(texts)).map((encoding) => encoding.getIds());
  }
  if (threads > 1 && library !== 'ours') return inThreads(job);
  const { tokenizer, ...tasks } = await LIBRARIES[library](job);
  if (job.sendsIds) return (texts) => texts.map((text) => Uint32Array.from(tasks.encode(text)));
  if (threads === 1) return (texts) => texts.map(tasks[task] ?? ((text) => tasks.encode(text).length));
  const { BatchEncoder } = await import(`${job.dist}/node.js`);
  const encoder = new BatchEncoder(tokenizer, { workers: threads });
  return (texts) => encoder.encode(texts);
}

/** Worker threads that take every nth text each and send its ids, which are what the caller wants. */
function inThreads(job) {
  const workers = Array.from({ length: job.threads }, () => new Worker(new URL(import.meta.url), { workerData: job }));
  const answer = async (worker, texts) => {
    const answered = once(worker, 'message');
    worker.postMessage(texts, []);
    return (await answered)[0];
  };
  return (texts) =>
    Promise.all(
      workers.map((worker, part) =>
        answer(
          worker,
          texts.filter((_, at) => at % workers.length === part),
        ),
      ),
    );
}

const byteLength = (texts) => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);

/** The first pass over texts never seen, and the median of passes after it, in MB/s. */
async function measured(run, texts) {
  const rates = [];
  for (let index = 0; index <= RUNS; index++) {
    const start = performance.now();
    await run(texts);
    rates.push(byteLength(texts) / 1e3 / (performance.now() - start));
  }
  return { cold: rates[0], warm: rates.slice(1).sort((left, right) => left - right)[RUNS >> 1] };
}

/** What the code runs on before anything is measured, for all alike: it is in none of the corpora. */
const WARM_UP = Array.from({ length: 3000 }, (_, index) => `${index.toString(36)} Warm-up: it's {x: ${index}} é\n`);

async function encoding(job) {
  const run = await opened(job);
  for (let index = 0; index < job.threads; index++) await run(WARM_UP);
  const rates = {};
  for (const [name, texts] of Object.entries(JSON.parse(readFileSync(job.corpora, 'utf8')))) {
    rates[name] = await measured(run, texts);
  }
  return rates;
}

const TRAINERS = {
  async ours({ dist, path, threads, size }) {
    const { trainFromFiles } = await import(`${dist}/node.js`);
    return () => trainFromFiles([path], { vocabularySize: size, pattern: 'gpt2', workers: threads });
  },
  /** Its JavaScript binding has no options for training: the vocabulary is of 30,000 tokens. */
  async tokenizers({ path }) {
    const { BPE, Tokenizer, byteLevelPreTokenizer } = await import('tokenizers');
    return () => {
      const tokenizer = new Tokenizer(BPE.empty());
      tokenizer.setPreTokenizer(byteLevelPreTokenizer(false));
      tokenizer.train([path]);
    };
  },
};

/** The median of some trainings in seconds, and the most memory that the process had, in MB. */
async function training(job) {
  const run = await TRAINERS[job.library](job);
  const seconds = [];
  for (let index = 0; index < job.runs; index++) {
    const start = performance.now();
    await run();
    seconds.push((performance.now() - start) / 1e3);
  }
  const median = seconds.sort((left, right) => left - right)[job.runs >> 1];
  return { seconds: median, memory: (process.resourceUsage().maxRSS * 1024) / 1e6 };
}

if (isMainThread) {
  const job = JSON.parse(process.argv[2]);
  console.log(JSON.stringify(await (job.task === 'train' ? training(job) : encoding(job))));
  process.exit();
}
const run = await opened({ ...workerData, threads: 1, sendsIds: true });
parentPort.on('message', (texts) => parentPort.postMessage(run(texts), []));
