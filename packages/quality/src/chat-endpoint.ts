import { setTimeout as sleep } from 'node:timers/promises';
import { QualityError } from './quality-error.ts';

/** An endpoint that speaks OpenAI's chat completions: hosted, vLLM, SGLang, llama.cpp, Ollama… */
export interface ChatEndpoint {
  /** Address up to and including the version: `http://127.0.0.1:8000/v1`. */
  baseUrl: string;
  model: string;
  /** Sent as a bearer token; it never appears in output or messages. */
  apiKey?: string;
  /** Default 0. */
  temperature?: number;
  /** Longest answer. Default 400. */
  maximumTokens?: number;
  /** Tries for one question. Default 5. */
  attempts?: number;
  /** Wait after the first failure; doubles with each, unless the server names a time. Default 1. */
  backoffSeconds?: number;
  /** Longest wait for one answer. Default 120. */
  timeoutSeconds?: number;
}

/** What was asked and what it took. */
export interface ChatUsage {
  requests: number;
  retries: number;
  promptTokens: number;
  completionTokens: number;
}

/** Statuses that say "later", not "no". */
const RETRIABLE = new Set([408, 409, 425, 429, 500, 502, 503, 504, 529]);
const MAXIMUM_ANSWER_BYTES = 1 << 22;
const MAXIMUM_WAIT_SECONDS = 120;

/** A failed attempt, and whether another one makes sense. */
class AttemptError extends Error {
  readonly retriable: boolean;
  readonly waitSeconds: number | undefined;

  constructor(message: string, retriable: boolean, waitSeconds?: number) {
    super(message);
    this.retriable = retriable;
    this.waitSeconds = waitSeconds;
  }
}

/**
 * Asks one question until an answer is understood.
 *
 * @param read makes something of an answer; undefined means "not understood", which counts as a failed attempt
 * @param usage is advanced with every request
 * @throws QualityError `ENDPOINT_FAILED` when no attempt succeeds; the signal's reason when it is aborted
 */
export async function askChat<T>(
  endpoint: ChatEndpoint,
  question: string,
  read: (answer: string) => T | undefined,
  usage: ChatUsage,
  signal?: AbortSignal,
): Promise<{ value: T; answer: string }> {
  const { attempts = 5, backoffSeconds = 1 } = endpoint;
  let failure = new AttemptError('no attempt was made', false);
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) {
      usage.retries++;
      const wait = Math.min(MAXIMUM_WAIT_SECONDS, failure.waitSeconds ?? backoffSeconds * 2 ** (attempt - 1));
      await sleep(wait * 1000, undefined, { signal });
    }
    try {
      const answer = await requestAnswer(endpoint, question, usage, signal);
      const value = read(answer);
      if (value !== undefined) return { value, answer };
      failure = new AttemptError(`no score in the answer ${JSON.stringify(answer.slice(-120))}`, true);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof AttemptError)) throw error;
      failure = error;
      if (!error.retriable) break;
    }
  }
  throw new QualityError('ENDPOINT_FAILED', `${endpoint.baseUrl}, model ${endpoint.model}: ${failure.message}`);
}

async function requestAnswer(
  endpoint: ChatEndpoint,
  question: string,
  usage: ChatUsage,
  signal: AbortSignal | undefined,
): Promise<string> {
  usage.requests++;
  const timeout = AbortSignal.timeout((endpoint.timeoutSeconds ?? 120) * 1000);
  const body = await send(endpoint, question, signal ? AbortSignal.any([signal, timeout]) : timeout);
  const { choices, usage: used } = body as ChatCompletion;
  usage.promptTokens += tokenCount(used?.prompt_tokens);
  usage.completionTokens += tokenCount(used?.completion_tokens);
  const answer = choices?.[0]?.message?.content;
  if (typeof answer === 'string') return answer;
  throw new AttemptError(`expected choices[0].message.content, got ${JSON.stringify(body)?.slice(0, 120)}`, true);
}

/** The part of an answer that is read; nothing in it is taken for granted. */
type ChatCompletion = Partial<{
  choices: { message?: { content?: unknown } }[];
  usage: { prompt_tokens?: unknown; completion_tokens?: unknown };
}>;

function tokenCount(value: unknown): number {
  return typeof value === 'number' && value >= 0 ? value : 0;
}

async function send(endpoint: ChatEndpoint, question: string, signal: AbortSignal): Promise<unknown> {
  const { baseUrl, model, apiKey, temperature = 0, maximumTokens = 400 } = endpoint;
  try {
    const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(apiKey && { authorization: `Bearer ${apiKey}` }) },
      body: JSON.stringify({
        model,
        messages: [{ role: 'user', content: question }],
        temperature,
        max_tokens: maximumTokens,
      }),
      signal,
    });
    const text = await readBounded(response);
    if (!response.ok) throw httpFailure(response, text);
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof AttemptError) throw error;
    const { message, cause } = error as Error;
    throw new AttemptError(`request failed: ${cause instanceof Error ? cause.message : message}`, true);
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAXIMUM_ANSWER_BYTES)
      throw new AttemptError(`an answer of more than ${MAXIMUM_ANSWER_BYTES} bytes`, false);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function httpFailure(response: Response, text: string): AttemptError {
  const seconds = Number(response.headers.get('retry-after') ?? NaN);
  const message = `HTTP ${response.status}: ${text.slice(0, 200)}`;
  return new AttemptError(message, RETRIABLE.has(response.status), seconds >= 0 ? seconds : undefined);
}
