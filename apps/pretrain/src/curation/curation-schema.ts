import { z } from 'zod';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

const urls = z.strictObject({
  lists: z
    .array(z.string().min(1))
    .default([])
    .describe('folders or files of UT1 (domains, urls) and datatrove (banned_words, …), relative to the recipe'),
  bannedDomains: z.array(z.string()).default([]).describe('registered domains and hosts whose pages are dropped'),
  bannedWords: z.array(z.string()).default([]).describe('one of these words in a url is enough'),
  bannedSubwords: z.array(z.string()).default([]).describe('looked for anywhere in a url'),
  softBannedWords: z.array(z.string()).default([]).describe('two different ones are enough'),
});

const quality = z.strictObject({
  model: z.string().optional().describe('fastText .bin file that gives scores from 0 to 5, relative to the recipe'),
  labelled: z
    .string()
    .optional()
    .describe('JSON Lines {text, score} to learn the model from, as `smol-quality label` writes them'),
  epochs: z.int().min(1).max(1000).default(5).describe('passes over the labelled texts'),
  minimum: z.number().min(0).max(5).default(3).describe('least rounded score that is kept'),
});

const output = z.strictObject({
  format: z.enum(['parquet', 'jsonl.gz', 'jsonl.zst', 'jsonl']).default('parquet'),
  fileMegabytes: z
    .int()
    .min(1)
    .optional()
    .describe('a larger file is ended and another begun; default: a file an input'),
});

/** What `smol-pretrain curate` can be asked to do: raw crawls to a finished data set, no training. */
export const curationSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]*$/)
    .describe('the run folder is runs/NAME'),
  kind: z
    .enum(['web', 'pdf'])
    .default('web')
    .describe('web: pages of WARC files; pdf: PDF files, folders of them, or those in WARC files'),
  dumps: z
    .record(z.string().regex(NAME), z.array(z.string().min(1)).min(1))
    .describe('files or globs of each crawl, relative to the recipe; repeats are looked for within a crawl'),
  urls: urls.prefault({}),
  preset: z
    .enum(['fineweb-2024', 'fineweb-head'])
    .default('fineweb-head')
    .describe('which version of the FineWeb recipe'),
  languages: z.array(z.string()).min(1).describe('languages to keep, as lid.176 names them'),
  languageThreshold: z.number().min(0).max(1).default(0.65).describe('a score must be above this'),
  quality: quality.optional().describe('a learned classifier, after the repeats are gone'),
  dedup: z.enum(['fineweb', 'fineweb2', 'finepdfs', 'none']).default('fineweb').describe('MinHash preset, or none'),
  redactPii: z.boolean().default(true).describe('replace e-mail and public IPv4 addresses'),
  countTokens: z.boolean().default(true).describe('count GPT-2 tokens into the column token_count'),
  ocr: z.enum(['off', 'auto']).default('off').describe('pdf: read pictures of pages where there is no text (slow)'),
  onDamage: z
    .enum(['stop', 'skip'])
    .default('skip')
    .describe('records and files that cannot be read: stop, or count and go on'),
  output: output.prefault({}),
});

/** A curation recipe after all checks, with every default filled in. */
export type Curation = z.infer<typeof curationSchema>;

/** JSON Schema of a curation recipe, for editors. */
export function curationJsonSchema(): object {
  return z.toJSONSchema(curationSchema, { io: 'input' });
}
