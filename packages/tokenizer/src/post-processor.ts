/** The `post_processor` part of `tokenizer.json`: the special tokens around a sequence. */
import type { JsonObject } from './json.ts';
import { describe, isObject } from './json.ts';
import { TokenizerError } from './tokenizer-error.ts';

/** Ids to put before and after a sequence. */
export interface PostProcessor {
  prefix: readonly number[];
  suffix: readonly number[];
  /** As it stands in `tokenizer.json`. */
  json: JsonObject | null;
}

/** Moves offsets only, never ids. */
const BYTE_LEVEL: JsonObject = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true };

/** Adds nothing. */
export const NO_POST_PROCESSOR: PostProcessor = { prefix: [], suffix: [], json: BYTE_LEVEL };

function refuse(feature: string): never {
  throw new TokenizerError('UNSUPPORTED_FEATURE', `tokenizer.json: post_processor ${feature} is not supported`);
}

function templateIds(piece: unknown, specials: JsonObject): number[] {
  const name = isObject(piece) && isObject(piece.SpecialToken) ? piece.SpecialToken.id : undefined;
  const special = typeof name === 'string' && Object.hasOwn(specials, name) ? specials[name] : undefined;
  const ids = isObject(special) ? special.ids : undefined;
  if (!Array.isArray(ids) || !ids.every(Number.isInteger)) return refuse(`TemplateProcessing with ${describe(piece)}`);
  return ids as number[];
}

function parseTemplate(json: JsonObject): { prefix: number[]; suffix: number[] } {
  const pieces = Array.isArray(json.single) ? (json.single as unknown[]) : refuse(`template ${describe(json.single)}`);
  const specials = isObject(json.special_tokens) ? json.special_tokens : {};
  const sequence = pieces.findIndex((piece) => isObject(piece) && isObject(piece.Sequence));
  if (sequence === -1) return refuse('TemplateProcessing without a sequence');
  const idsOf = (piece: unknown): number[] => templateIds(piece, specials);
  return { prefix: pieces.slice(0, sequence).flatMap(idsOf), suffix: pieces.slice(sequence + 1).flatMap(idsOf) };
}

/**
 * Reads a `post_processor`: none, ByteLevel, TemplateProcessing, or a sequence with at most one template.
 *
 * @throws TokenizerError `UNSUPPORTED_FEATURE` naming the type
 */
export function parsePostProcessor(json: unknown): PostProcessor {
  if (json === null || json === undefined) return { prefix: [], suffix: [], json: null };
  if (!isObject(json)) return refuse(describe(json));
  const steps = json.type === 'Sequence' && Array.isArray(json.processors) ? (json.processors as unknown[]) : [json];
  const processor: PostProcessor = { prefix: [], suffix: [], json };
  for (const step of steps) {
    if (isObject(step) && step.type === 'ByteLevel') continue;
    const isFirstTemplate = processor.prefix.length + processor.suffix.length === 0;
    if (!isObject(step) || step.type !== 'TemplateProcessing' || !isFirstTemplate) return refuse(describe(step));
    Object.assign(processor, parseTemplate(step));
  }
  return processor;
}
