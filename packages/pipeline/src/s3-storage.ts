import { setTimeout } from 'node:timers/promises';
import { S3mini } from 's3mini';
import type { UploadPart } from 's3mini';
import { PipelineError, messageOf } from './pipeline-error.ts';
import type { Storage, StoredFile, StoredObject } from './storage.ts';
import { partsOf } from './upload-parts.ts';

/** Where an object store is, and how it is spoken to. What is left out is taken from the environment. */
export interface S3Options {
  /** `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, or that of Amazon in the region; buckets are the first part of the path. */
  endpoint?: string;
  /** `AWS_REGION`, `AWS_DEFAULT_REGION`, or `us-east-1`. */
  region?: string;
  /** `AWS_ACCESS_KEY_ID`; without keys requests are not signed, as public buckets allow it. */
  accessKeyId?: string;
  /** `AWS_SECRET_ACCESS_KEY`. */
  secretAccessKey?: string;
  /** How often a request is repeated that the network or the store has failed. Default 5. */
  retries?: number;
  /** Pause before the first repetition, in milliseconds; it doubles each time. Default 250. */
  retryMilliseconds?: number;
  /** Larger files are uploaded in parts of this size. Default 16 MiB, at least 5 MiB (the protocol's limit). */
  partBytes?: number;
}

const READ_BYTES = 4 * 2 ** 20;
const LEAST_PART = 5 * 2 ** 20;
const PAGE = 1000;
const LONGEST_PAUSE = 20_000;

/**
 * An object store that speaks S3 (Amazon, MinIO, R2, Ceph, …), for addresses `s3://BUCKET/KEY`. Nothing is asked of it
 * before a file of it is.
 *
 * @throws PipelineError INVALID_ARGUMENT
 */
export function s3Storage(options: S3Options = {}): Storage {
  const store = new S3Store(options);
  return {
    list: (folder) => store.list(folder),
    describe: (address) => store.describe(address),
    open: (address) => store.open(address),
    write: (address, chunks) => store.write(address, chunks),
    exists: async (address) => (await store.describe(address)) !== undefined,
    remove: (address) => store.remove(address),
  };
}

class S3Store {
  readonly #options: Required<S3Options>;
  readonly #clients = new Map<string, S3mini>();

  constructor(options: S3Options) {
    this.#options = withEnvironment(options);
  }

  async list(prefix: string): Promise<StoredObject[]> {
    const { bucket, key, client } = this.#place(prefix);
    const found: StoredObject[] = [];
    let token: string | undefined;
    do {
      const page = await this.#attempt('list', prefix, () => client.listObjectsPaged('/', key, PAGE, token));
      if (!page?.objects) throw new PipelineError('FILE_NOT_FOUND', `there is no bucket ${bucket} (${prefix})`);
      for (const { Key, Size, ETag } of page.objects) {
        if (!Key.endsWith('/'))
          found.push({ address: `s3://${bucket}/${Key}`, size: Number(Size), version: bare(ETag) });
      }
      token = page.nextContinuationToken;
    } while (token !== undefined);
    return found.sort((a, b) => (a.address < b.address ? -1 : 1));
  }

  async describe(address: string): Promise<StoredObject | undefined> {
    const { key, client } = this.#place(address);
    const etag = await this.#attempt('read', address, () => client.getEtag(key).catch(undefinedIfMissing));
    if (etag === null || etag === undefined) return undefined;
    const size = await this.#attempt('read', address, () => client.getContentLength(key));
    return { address, size, version: bare(etag) };
  }

  async open(address: string): Promise<StoredFile> {
    const { key, client } = this.#place(address);
    const object = await this.describe(address);
    if (object === undefined) throw new PipelineError('FILE_NOT_FOUND', `there is no file ${address}`);
    const { size } = object;
    const read = async (offset: number, length: number): Promise<Uint8Array> => {
      const end = Math.min(offset + length, size);
      if (end <= offset) return new Uint8Array(0);
      return this.#attempt('read', address, () => readRange(client, key, offset, end));
    };
    return { address, size, chunkBytes: READ_BYTES, read, close: async () => {} };
  }

  async write(address: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    const { key, client } = this.#place(address);
    const parts = partsOf(chunks, this.#options.partBytes);
    const first = (await parts.next()).value ?? new Uint8Array(0);
    const second = await parts.next();
    if (second.done) {
      await this.#attempt('write', address, () => client.putObject(key, first));
      return;
    }
    const upload = await this.#attempt('write', address, () => client.getMultipartUploadId(key));
    try {
      const sent: UploadPart[] = [];
      const send = async (bytes: Uint8Array) => {
        const number = sent.length + 1;
        sent.push(await this.#attempt('write', address, () => client.uploadPart(key, upload, bytes, number)));
      };
      await send(first);
      await send(second.value);
      for await (const part of parts) await send(part);
      await this.#attempt('write', address, () => client.completeMultipartUpload(key, upload, sent));
    } catch (error) {
      // Parts that nobody asks for again would be stored, and paid for, for ever.
      await client.abortMultipartUpload(key, upload).catch(() => {});
      throw error;
    }
  }

  async remove(address: string): Promise<void> {
    const { key, client } = this.#place(address);
    await this.#attempt('write', address, () => client.deleteObject(key).catch(undefinedIfMissing));
  }

  #place(address: string): { bucket: string; key: string; client: S3mini } {
    const [, bucket, key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(address) ?? [];
    if (bucket === undefined) {
      throw new PipelineError('INVALID_ARGUMENT', `an address in an object store is s3://BUCKET/KEY, got ${address}`);
    }
    let client = this.#clients.get(bucket);
    if (client === undefined) {
      const { endpoint, region, accessKeyId, secretAccessKey } = this.#options;
      client = new S3mini({ endpoint: `${endpoint}/${bucket}`, region, accessKeyId, secretAccessKey });
      this.#clients.set(bucket, client);
    }
    return { bucket, key, client };
  }

  /** Repeats what the network or the store has failed, with growing pauses. */
  async #attempt<T>(what: 'read' | 'list' | 'write', address: string, action: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures++) {
      try {
        return await action();
      } catch (cause) {
        const status = statusOf(cause);
        if (status === 404) throw new PipelineError('FILE_NOT_FOUND', `there is no file ${address}`, { cause });
        if (isFinal(status) || failures >= this.#options.retries) throw storeError(what, address, failures, cause);
      }
      await setTimeout(Math.min(this.#options.retryMilliseconds * 2 ** failures, LONGEST_PAUSE));
    }
  }
}

async function readRange(client: S3mini, key: string, start: number, end: number): Promise<Uint8Array> {
  const response = await client.getObjectRaw(key, false, start, end);
  const length = Number(response.headers.get('content-length') ?? end - start);
  if (length > end - start) {
    await response.body?.cancel();
    throw new Error(`the store gave ${length} bytes where ${end - start} were asked for; does it know ranges?`);
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes.length !== end - start) throw new Error(`the store gave ${bytes.length} of ${end - start} bytes`);
  return bytes;
}

/** HTTP status of a failed request; `undefined` where there was no answer. s3mini sometimes hides it in causes. */
function statusOf(error: unknown): number | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    const { status } = cause as { status?: unknown };
    if (typeof status === 'number' && status > 0) return status;
  }
  return undefined;
}

function undefinedIfMissing(error: unknown): undefined {
  if (statusOf(error) !== 404) throw error;
  return undefined;
}

/** Whether asking again is of no use. */
function isFinal(status: number | undefined): boolean {
  return status !== undefined && status < 500 && status !== 429 && status !== 408;
}

function storeError(what: string, address: string, failures: number, cause: unknown): PipelineError {
  const status = statusOf(cause);
  const advice =
    status === 401 || status === 403 ? '; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION' : '';
  const times = failures === 0 ? '' : ` after ${failures + 1} attempts`;
  const message = `cannot ${what} ${address}${times}: ${messageOf(cause)}${advice}`;
  return new PipelineError(what === 'write' ? 'WRITE_FAILED' : 'READ_FAILED', message, { cause });
}

const bare = (etag: string) => etag.replaceAll('"', '');

function withEnvironment(options: S3Options): Required<S3Options> {
  const { env } = process;
  const region = options.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1';
  const endpoint =
    options.endpoint ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL ?? `https://s3.${region}.amazonaws.com`;
  const accessKeyId = options.accessKeyId ?? env.AWS_ACCESS_KEY_ID ?? '';
  const secretAccessKey = options.secretAccessKey ?? env.AWS_SECRET_ACCESS_KEY ?? '';
  if ((accessKeyId === '') !== (secretAccessKey === '')) {
    const missing = accessKeyId === '' ? 'accessKeyId (AWS_ACCESS_KEY_ID)' : 'secretAccessKey (AWS_SECRET_ACCESS_KEY)';
    throw new PipelineError('INVALID_ARGUMENT', `of the two keys of the object store ${missing} is missing`);
  }
  if (options.secretAccessKey === undefined && secretAccessKey !== '' && env.AWS_SESSION_TOKEN) {
    throw new PipelineError('INVALID_ARGUMENT', 'keys with AWS_SESSION_TOKEN are not supported; give keys that last');
  }
  if (!/^https?:\/\/[^/]/.test(endpoint)) {
    throw new PipelineError(
      'INVALID_ARGUMENT',
      `the endpoint of an object store begins with https:// or http://, got ${endpoint}`,
    );
  }
  const partBytes = options.partBytes ?? 16 * 2 ** 20;
  if (!(partBytes >= LEAST_PART))
    throw new PipelineError('INVALID_ARGUMENT', `partBytes must be at least ${LEAST_PART}, got ${partBytes}`);
  return {
    endpoint: endpoint.replace(/\/+$/, ''),
    region,
    accessKeyId,
    secretAccessKey,
    retries: options.retries ?? 5,
    retryMilliseconds: options.retryMilliseconds ?? 250,
    partBytes,
  };
}
