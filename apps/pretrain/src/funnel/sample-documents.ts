import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonl, type Document } from '@smol/pipeline';
import type { FunnelSample } from './funnel.ts';

const EXCERPT_CHARACTERS = 400;

/** The first documents of a folder of JSON Lines. */
export async function sampleDocuments(folder: string, count: number): Promise<FunnelSample[]> {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  const samples: FunnelSample[] = [];
  for (const name of names.filter((file) => /\.jsonl(?:\.gz|\.zst)?$/.test(file))) {
    if (samples.length < count) samples.push(...(await sampleFile(join(folder, name), count - samples.length)));
  }
  return samples;
}

/** The first documents of a file that a test lets through. */
export async function sampleFile(
  path: string,
  count: number,
  isWanted: (document: Document) => boolean = () => true,
): Promise<FunnelSample[]> {
  const samples: FunnelSample[] = [];
  if (count === 0 || !existsSync(path)) return samples;
  for await (const document of readJsonl(path)) {
    if (isWanted(document)) samples.push(toSample(document));
    if (samples.length >= count) break;
  }
  return samples;
}

function toSample({ id, url, text, metadata }: Document): FunnelSample {
  const { value, limit, message } = (metadata.removed ?? {}) as Partial<FunnelSample>;
  const twin = metadata.duplicate_of;
  return {
    id,
    ...(url !== undefined && { url }),
    text: excerpt(text),
    ...(value !== undefined && { value }),
    ...(limit !== undefined && { limit }),
    ...(typeof twin === 'string' && { value: `repeats ${twin}` }),
    ...(message !== undefined && { message }),
  };
}

/** The beginning of a text, cut between characters. */
function excerpt(text: string): string {
  if (text.length <= EXCERPT_CHARACTERS) return text;
  const end = EXCERPT_CHARACTERS - ((text.charCodeAt(EXCERPT_CHARACTERS - 1) & 0xfc00) === 0xd800 ? 1 : 0);
  return `${text.slice(0, end)} …`;
}
