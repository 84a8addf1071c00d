import { lookup } from 'node:dns/promises';
import { request as requestHttp } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { PdfError } from './pdf-error.ts';
import { isPublicAddress } from './public-address.ts';

/** How requests are made. */
export interface RequestLimits {
  /** Who asks, for the server's log. */
  userAgent: string;
  /** More bytes are refused. */
  maximumBytes: number;
  /** Until the first byte, and between bytes. */
  idleSeconds: number;
  /** For the whole response. */
  totalSeconds: number;
  /** All addresses of a host; default: the system's DNS. */
  resolve?: (hostname: string) => Promise<string[]>;
  /** Addresses to trust though they are not public, such as that of a mirror in your own network. */
  allowedAddresses?: readonly string[];
}

/** A response, read whole. */
export interface Fetched {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/**
 * One GET, without following redirects. The host's addresses are looked up here, each must be public, and the connection goes to one of
 * just these: a name that answers otherwise the second time gains nothing. Certificates are checked.
 *
 * @throws PdfError FORBIDDEN_ADDRESS, TOO_LARGE, FETCH_FAILED
 */
export async function guardedRequest(url: URL, limits: RequestLimits): Promise<Fetched> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new PdfError('INVALID_ARGUMENT', `${url.href}: only http and https can be fetched`);
  }
  const addresses = await resolvePublic(url, limits);
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const fail = (message: string, cause?: unknown) =>
      reject(new PdfError('FETCH_FAILED', `${url.href}: ${message}`, { cause }));
    const client = send(url, {
      agent: false,
      lookup: pinned(addresses),
      timeout: limits.idleSeconds * 1000,
      signal: AbortSignal.timeout(limits.totalSeconds * 1000),
      headers: { 'user-agent': limits.userAgent, accept: 'application/pdf, */*;q=0.5', 'accept-encoding': 'identity' },
    });
    client.on('timeout', () => client.destroy(new Error(`nothing came for ${limits.idleSeconds} s`)));
    client.on('error', (error) => fail(`cannot be fetched (${error.message})`, error));
    client.on('response', (response) => {
      readBody(url, response, limits.maximumBytes).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        (error: Error) => {
          client.destroy();
          if (error instanceof PdfError) reject(error);
          else fail(`broke off (${error.message})`, error);
        },
      );
    });
    client.end();
  });
}

async function resolvePublic(url: URL, { resolve, allowedAddresses = [] }: RequestLimits): Promise<string[]> {
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(hostname) === 0 ? await resolveName(url, hostname, resolve) : [hostname];
  const forbidden = addresses.find((address) => !isPublicAddress(address) && !allowedAddresses.includes(address));
  if (forbidden === undefined) return addresses;
  const what = `${url.href}: leads to ${forbidden}, which is no address of the public internet`;
  throw new PdfError('FORBIDDEN_ADDRESS', `${what}; allow it as allowedAddresses if you trust it`);
}

async function resolveName(url: URL, hostname: string, resolve: RequestLimits['resolve']): Promise<string[]> {
  try {
    const addresses = resolve ? await resolve(hostname) : (await lookup(hostname, { all: true })).map((entry) => entry.address); // prettier-ignore
    if (addresses.length > 0) return addresses;
    throw new Error('it has no address');
  } catch (cause) {
    throw new PdfError('FETCH_FAILED', `${url.href}: the host cannot be found (${(cause as Error).message})`, {
      cause,
    });
  }
}

/** A lookup that knows only the addresses that were checked. */
function pinned(addresses: string[]): LookupFunction {
  const entries = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_, options, callback) => {
    if (options.all) callback(null, entries);
    else callback(null, entries[0].address, entries[0].family);
  };
}

async function readBody(url: URL, response: IncomingMessage, maximumBytes: number): Promise<Buffer> {
  const declared = Number(response.headers['content-length'] ?? 0);
  const tooLarge = (size: string) =>
    new PdfError(
      'TOO_LARGE',
      `${url.href}: has ${size} bytes, more than the ${maximumBytes} allowed; raise maximumBytes`,
    );
  if (declared > maximumBytes) throw tooLarge(String(declared));
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maximumBytes) throw tooLarge(`over ${maximumBytes}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
