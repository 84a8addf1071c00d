import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonl, type Document } from '@smol/pipeline';
import type { FunnelSample } from './funnel.ts';

const EXCERPT_CHARACTERS = 400;

/** The first documents of a folder of JSON Lines that a test lets through. */
export async function sampleDocuments(
  folder: string,
  count: number,
  isWanted: (document: Document) => boolean = () => true,
): Promise<FunnelSample[]> {
  const samples: FunnelSample[] = [];
  for (const name of existsSync(folder) && count > 0 ? readdirSync(folder).sort() : []) {
    if (!/\.jsonl(?:\.gz|\.zst)?$/.test(name)) continue;
    for await (const document of readJsonl(join(folder, name))) {
      if (isWanted(document)) samples.push(toSample(document));
      if (samples.length >= count) return samples;
    }
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
