// The converters that people pick today, asked for the text or the Markdown of the same bytes.
import { spawnSync } from 'node:child_process';
import { processPdf } from '@firecrawl/pdf-inspector';
import { LiteParse } from '@llamaindex/liteparse';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';

/** Another converter. */
export interface Peer {
  name: string;
  markdown: boolean;
  /** Null where the peer is not on this machine, or fails on the file. */
  convert(bytes: Uint8Array): Promise<string | null>;
}

const parser = new LiteParse({ ocrEnabled: false, outputFormat: 'markdown', quiet: true });

async function pdfjsText(bytes: Uint8Array): Promise<string> {
  const document = await getDocument({ data: new Uint8Array(bytes), verbosity: 0, useSystemFonts: false }).promise;
  const pages: string[] = [];
  for (let number = 1; number <= document.numPages; number++) {
    const { items } = await (await document.getPage(number)).getTextContent();
    pages.push(items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join(''));
  }
  await document.destroy();
  return pages.join('\n');
}

function popplerText(bytes: Uint8Array): string | null {
  const { status, stdout } = spawnSync('pdftotext', ['-', '-'], { input: bytes, maxBuffer: 1 << 28 });
  return status === 0 ? stdout.toString() : null;
}

/** Peers by their npm name; `pdftotext` is poppler's program, run as a process. */
export const PEERS: Peer[] = [
  {
    name: '@llamaindex/liteparse',
    markdown: true,
    convert: async (bytes) => (await parser.parse(Buffer.from(bytes))).text,
  },
  {
    name: '@firecrawl/pdf-inspector',
    markdown: true,
    convert: async (bytes) => processPdf(Buffer.from(bytes)).markdown ?? '',
  },
  { name: 'pdfjs-dist', markdown: false, convert: pdfjsText },
  { name: 'pdftotext', markdown: false, convert: async (bytes) => popplerText(bytes) },
];
