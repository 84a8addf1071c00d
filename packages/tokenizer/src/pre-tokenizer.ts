/** The `pre_tokenizer` part of `tokenizer.json`: how a text is split before its pieces are encoded. */
import { NUMBER, classAt, skipClass, skipOutside, widthAt } from './character-class.ts';
import type { JsonObject } from './json.ts';
import { describe, isObject } from './json.ts';
import { PATTERN_SOURCES, isPublished, patternSplitter } from './patterns.ts';
import type { Splitter } from './pieces.ts';
import { PieceEnds } from './pieces.ts';
import { TokenizerError } from './tokenizer-error.ts';

const BYTE_LEVEL = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };

function refuse(feature: string): never {
  throw new TokenizerError('UNSUPPORTED_FEATURE', `tokenizer.json: pre_tokenizer ${feature} is not supported`);
}

/** The `pre_tokenizer` that splits by a pattern. */
export function preTokenizerJson(source: string): JsonObject {
  if (source === PATTERN_SOURCES.gpt2) return { ...BYTE_LEVEL, use_regex: true };
  const split = { type: 'Split', pattern: { Regex: source }, behavior: 'Isolated', invert: false };
  return { type: 'Sequence', pretokenizers: [split, { ...BYTE_LEVEL, use_regex: false }] };
}

const whole: Splitter = (_text, start, end, pieces) => {
  if (end > start) pieces.push(end);
};

/** `Digits`: numbers apart from the rest, and each alone if `individual`. */
function digitSplitter(individual: boolean): Splitter {
  return ({ bytes }, start, end, pieces) => {
    for (let index = start; index < end;) {
      const isNumber = (classAt(bytes, index) & NUMBER) !== 0;
      if (!isNumber) index = skipOutside(bytes, index, end, NUMBER);
      else index = individual ? index + widthAt(bytes, index) : skipClass(bytes, index, end, NUMBER);
      pieces.push(index);
    }
  };
}

/** Splits by the first, and each of its pieces by the second, which sees nothing beyond the piece. */
function chain(first: Splitter, second: Splitter): Splitter {
  if (first === whole) return second;
  if (second === whole) return first;
  return (text, start, end, pieces) => {
    const outer = new PieceEnds();
    first(text, start, end, outer);
    let from = start;
    for (const to of outer.items.subarray(0, outer.size)) {
      second(text, from, to, pieces);
      from = to;
    }
  };
}

function parseSplit(json: JsonObject): Splitter {
  const source = isObject(json.pattern) ? json.pattern.Regex : undefined;
  if (typeof source !== 'string') return refuse(`Split by ${describe(json.pattern)}`);
  const keepsAll =
    json.behavior === 'Isolated' || (json.behavior === 'Removed' && json.invert === true && isPublished(source));
  if (!keepsAll) return refuse(`Split with behavior ${describe(json.behavior)}, invert ${describe(json.invert)}`);
  return patternSplitter(source);
}

function parseStep(json: unknown): Splitter {
  if (!isObject(json)) return refuse(describe(json));
  switch (json.type) {
    case 'ByteLevel':
      if (json.add_prefix_space === true) return refuse('ByteLevel with add_prefix_space');
      return json.use_regex === false ? whole : patternSplitter(PATTERN_SOURCES.gpt2);
    case 'Split':
      return parseSplit(json);
    case 'Digits':
      return digitSplitter(json.individual_digits === true);
    default:
      return refuse(describe(json.type));
  }
}

/**
 * The splitter that a `pre_tokenizer` describes. Supported are ByteLevel, Split by a regular expression, Digits, and
 * sequences of these that end in ByteLevel.
 *
 * @throws TokenizerError `UNSUPPORTED_FEATURE` or `UNSUPPORTED_PATTERN`, naming the feature
 */
export function parsePreTokenizer(json: unknown): Splitter {
  const steps =
    isObject(json) && json.type === 'Sequence' && Array.isArray(json.pretokenizers) ? json.pretokenizers : [json];
  const last: unknown = steps[steps.length - 1];
  if (!isObject(last) || last.type !== 'ByteLevel') refuse(`${describe(last)} in the place of ByteLevel`);
  return steps.map(parseStep).reduce(chain, whole);
}
