import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { extractPdf } from './extract-pdf.ts';
import { makePdf } from './fixtures/make-pdf.ts';
import { CERTIFICATE, KEY } from './fixtures/self-signed.ts';
import { isPublicAddress } from './public-address.ts';
import { PdfFetcher, refetchPdf } from './refetch-pdf.ts';
import type { RefetchOptions } from './refetch-pdf.ts';
import { isAllowed } from './robots.ts';

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])(
    'takes %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    '127.0.0.1', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1',
    '255.255.255.255', '198.19.0.1', '::1', '::', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd12::1', 'ff02::1', '::ffff:127.0.0.1',
    '::ffff:8.8.8.8', '::7f00:1', '64:ff9b::7f00:1', '2002:7f00:1::', '2001:0:1::', 'not an address', '',
  ])('refuses %s', (address) => expect(isPublicAddress(address)).toBe(false)); // prettier-ignore
});

describe('isAllowed', () => {
  const robots = 'User-agent: other\nDisallow: /\n\nuser-agent: smol-pdf\nUser-Agent: friend # both\nDisallow: /private/\nAllow: /private/open$\nDisallow: /*.cgi?\n\nUser-agent: *\nDisallow: /all'; // prettier-ignore
  it.each([
    ['smol-pdf', '/a.pdf', true],
    ['smol-pdf', '/private/a.pdf', false],
    ['friend', '/private/a.pdf', false],
    ['smol-pdf', '/private/open', true],
    ['smol-pdf', '/private/open.pdf', false],
    ['smol-pdf', '/x/y.cgi?q=1', false],
    ['smol-pdf', '/all/a.pdf', true],
    ['stranger', '/all/a.pdf', false],
    ['other', '/a.pdf', false],
  ])('%s may fetch %s: %s', (agent, path, allowed) => expect(isAllowed(robots, agent, path)).toBe(allowed));

  it('is quick about patterns made to be slow', () => {
    const slow = `User-agent: *\nDisallow: /${'*a'.repeat(500)}b`;
    expect(isAllowed(slow, 'x', `/${'a'.repeat(50_000)}`)).toBe(true);
  });
});

describe('refetchPdf, from a local server', () => {
  let server: Server;
  let port: number;
  let pdf: Uint8Array;
  let asked: string[] = [];
  let busy = 0;

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    asked.push(`${request.headers.host!.split(':')[0]}${request.url}`);
    const redirect = (location: string) => response.writeHead(302, { location }).end();
    if (request.url === '/robots.txt') {
      if (request.headers.host!.startsWith('broken.')) response.writeHead(500).end();
      else response.end('User-agent: *\nDisallow: /secret');
    } else if (request.url === '/busy.pdf' && busy-- > 0) response.writeHead(503, { 'retry-after': '0' }).end();
    else if (/^\/(?:a|busy)\.pdf/.test(request.url!))
      response.writeHead(200, { 'content-type': 'application/pdf' }).end(pdf);
    else if (request.url === '/moved.pdf') redirect('/a.pdf?moved');
    else if (request.url === '/inside.pdf') redirect('http://169.254.169.254/latest/meta-data');
    else if (request.url === '/name.pdf') redirect(`http://intranet.example:${port}/a.pdf`);
    else if (request.url === '/file.pdf') redirect('file:///etc/passwd');
    else if (request.url === '/circle.pdf') redirect('/circle.pdf');
    else if (request.url === '/page.pdf')
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>');
    else if (request.url === '/huge.pdf') response.writeHead(200, { 'content-length': '999999999' }).write('%PDF-1.4');
    else if (request.url === '/endless.pdf')
      void (async () => { while (!response.destroyed) { response.write(Buffer.alloc(65_536, 37)); await new Promise(setImmediate); } })(); // prettier-ignore
    else if (request.url === '/slow.pdf') response.write('%PDF');
    else if (request.url === '/cut.pdf') {
      response.writeHead(200, { 'content-length': '5000' }).write('%PDF-1.4');
      setTimeout(() => response.destroy(), 20);
    } else
      // prettier-ignore
      response.writeHead(404).end();
  };

  beforeAll(async () => {
    pdf = await makePdf((document) => document.text('Fetched again.'));
    server = createServer(answer).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    asked = [];
  });

  const options: RefetchOptions = {
    resolve: async (host) => (host === 'intranet.example' ? ['10.0.0.7'] : ['127.0.0.1']),
    allowedAddresses: ['127.0.0.1'],
    retries: 1,
    backoffSeconds: 0.01,
    idleSeconds: 5,
    totalSeconds: 5,
    maximumBytes: 1_000_000,
  };
  const fetchIt = (path: string, more: RefetchOptions = {}, host = 'files.example') =>
    refetchPdf(`http://${host}:${port}${path}`, { ...options, ...more });

  it('gets a file, after asking robots.txt', async () => {
    const { bytes, fromCache } = await fetchIt('/a.pdf#page=2');
    expect((await extractPdf(bytes)).text).toBe('Fetched again.');
    expect([asked, fromCache]).toEqual([['files.example/robots.txt', 'files.example/a.pdf'], false]);
  });

  it('follows redirects', async () => {
    expect((await fetchIt('/moved.pdf')).url).toBe(`http://files.example:${port}/a.pdf?moved`);
  });

  it('asks a busy server again, as often as told', async () => {
    busy = 1;
    expect((await fetchIt('/busy.pdf')).bytes.length).toBe(pdf.length);
    busy = 9;
    await expect(fetchIt('/busy.pdf')).rejects.toMatchObject({ code: 'FETCH_FAILED', message: expect.stringContaining('answered 503') }); // prettier-ignore
  });

  it('keeps files by their address', async () => {
    const cacheFolder = mkdtempSync(join(tmpdir(), 'smol-pdf-cache-'));
    await fetchIt('/a.pdf', { cacheFolder });
    asked = [];
    const again = await fetchIt('/a.pdf', { cacheFolder });
    expect([again.fromCache, Buffer.compare(again.bytes, pdf), asked]).toEqual([true, 0, []]);
    expect((await fetchIt('/a.pdf?other', { cacheFolder })).fromCache).toBe(false);
  });

  it('asks each host for robots.txt once', async () => {
    const fetcher = new PdfFetcher(options);
    for (const path of ['/a.pdf', '/a.pdf?2']) await fetcher.fetch(`http://files.example:${port}${path}`);
    expect(asked.filter((url) => url.endsWith('/robots.txt'))).toHaveLength(1);
  });

  it.each([
    ['a name of a private address', '/a.pdf', 'FORBIDDEN_ADDRESS', 'intranet.example'],
    ['a redirect to a link-local address', '/inside.pdf', 'FORBIDDEN_ADDRESS', 'files.example'],
    ['a redirect to a name of a private address', '/name.pdf', 'FORBIDDEN_ADDRESS', 'files.example'],
    ['a private address', '/a.pdf', 'FORBIDDEN_ADDRESS', '10.0.0.7'],
    ['a private address in disguise', '/a.pdf', 'FORBIDDEN_ADDRESS', '0x0a000007'],
    ['IPv6 loopback', '/a.pdf', 'FORBIDDEN_ADDRESS', '[::1]'],
    ['a redirect to a file', '/file.pdf', 'INVALID_ARGUMENT', 'files.example'],
    ['a circle of redirects', '/circle.pdf', 'FETCH_FAILED', 'files.example'],
    ['what robots.txt forbids', '/secret/a.pdf', 'FORBIDDEN_BY_ROBOTS', 'files.example'],
    ['a server whose robots.txt is broken', '/a.pdf', 'FORBIDDEN_BY_ROBOTS', 'broken.example'],
    ['a web page', '/page.pdf', 'NOT_A_PDF', 'files.example'],
    ['a missing file', '/none.pdf', 'FETCH_FAILED', 'files.example'],
    ['a file that says it is too large', '/huge.pdf', 'TOO_LARGE', 'files.example'],
    ['a file that never ends', '/endless.pdf', 'TOO_LARGE', 'files.example'],
    ['a file that breaks off', '/cut.pdf', 'FETCH_FAILED', 'files.example'],
  ])('refuses %s', async (_, path, code, host) => {
    await expect(fetchIt(path, {}, host)).rejects.toMatchObject({ name: 'PdfError', code });
  });

  it('gives up on a file that does not come', async () => {
    await expect(fetchIt('/slow.pdf', { totalSeconds: 0.2, retries: 0 })).rejects.toMatchObject({
      code: 'FETCH_FAILED',
    });
  });

  it('refuses a certificate that nobody vouches for', async () => {
    const secure = createTlsServer({ key: KEY, cert: CERTIFICATE }, answer).listen(0, '127.0.0.1');
    await new Promise((resolve) => secure.once('listening', resolve));
    const url = `https://files.example:${(secure.address() as AddressInfo).port}/a.pdf`;
    await expect(refetchPdf(url, options)).rejects.toMatchObject({
      code: 'FETCH_FAILED',
      message: expect.stringContaining('self-signed certificate'),
    });
    expect(asked).toEqual([]);
    secure.close();
  });

  it.each(['ftp://x.example/a.pdf', 'no address', 'file:///etc/passwd'])('refuses %s', async (url) => {
    await expect(refetchPdf(url)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
