/**
 * Split patterns are written for Rust's `fancy-regex` or Oniguruma. This gives the JavaScript expression that matches
 * the same, and refuses by name what JavaScript has no equal for.
 */
import { TokenizerError } from './tokenizer-error.ts';

const WHITE_SPACE = '\\p{White_Space}';
const NOT_WHITE_SPACE = '\\P{White_Space}';
const SYNTAX_CHARACTERS = '^$\\.*+?()[]{}|/';

/** Characters outside ASCII that Unicode folds to an ASCII letter. */
const EXTRA_FOLDS: Readonly<Record<string, string>> = { s: '\u017f', k: '\u212a' };

function refuse(source: string, feature: string): never {
  throw new TokenizerError(
    'UNSUPPORTED_PATTERN',
    `split pattern ${JSON.stringify(source.slice(0, 80))}: ${feature} is not supported`,
  );
}

/** `\p{Han}` is a script to Rust and an error to JavaScript, which wants `\p{Script=Han}`. */
function translateProperty(source: string, text: string): string {
  for (const candidate of [text, text.replace(/\{\^?/, '{Script=')]) {
    try {
      return new RegExp(candidate, 'u').source;
    } catch {
      // Not a property under this name: try the next spelling.
    }
  }
  return refuse(source, text);
}

/** Translates the escape at `index`; gives its JavaScript form and its length in the source. */
function translateEscape(source: string, index: number, inClass: boolean): [string, number] {
  const letter = source[index + 1] ?? refuse(source, 'a final backslash');
  if (letter === 's') return [WHITE_SPACE, 2];
  if (letter === 'S') return [NOT_WHITE_SPACE, 2];
  if (letter === 'd') return ['\\p{Nd}', 2];
  if (letter === 'D') return ['\\P{Nd}', 2];
  if ('rntvf0'.includes(letter)) return [`\\${letter}`, 2];
  if (letter === 'p' || letter === 'P') {
    const property = /^\\[pP](\{[\w=^]+\}|[A-Z])/.exec(source.slice(index, index + 60));
    if (!property) return refuse(source, 'this \\p');
    const braced = property[1].startsWith('{') ? property[0] : `\\${letter}{${property[1]}}`;
    return [translateProperty(source, braced), property[0].length];
  }
  const code = /^\\(?:x([\da-fA-F]{2})|[xu]\{([\da-fA-F]+)\}|u([\da-fA-F]{4}))/.exec(source.slice(index, index + 14));
  if (code) return [`\\u{${code[1] ?? code[2] ?? code[3]}}`, code[0].length];
  if (/\w/.test(letter)) return refuse(source, `\\${letter}`);
  return [SYNTAX_CHARACTERS.includes(letter) || (inClass && letter === '-') ? `\\${letter}` : letter, 2];
}

/** Translates the bracketed class at `index`. */
function translateClass(source: string, index: number): [string, number] {
  let output = '[';
  let position = index + 1;
  if (source[position] === '^') output += source[position++];
  while (source[position] !== ']') {
    if (position >= source.length) refuse(source, 'an unclosed class');
    if (source[position] === '[') refuse(source, 'a class inside a class');
    if (source.startsWith('&&', position)) refuse(source, 'the intersection of classes');
    if (source[position] === '\\') {
      const [translated, length] = translateEscape(source, position, true);
      output += translated;
      position += length;
    } else {
      output += source[position++];
    }
  }
  return [`${output}]`, position + 1 - index];
}

/** A letter in both cases. */
function bothCases(letter: string): string {
  const lower = letter.toLowerCase();
  return `[${lower}${letter.toUpperCase()}${EXTRA_FOLDS[lower] ?? ''}]`;
}

/** Translates what opens a group; tells whether letters inside match in either case. */
function translateGroup(source: string, index: number, outerFolds: boolean): [string, number, boolean] {
  const opening = /^\((?:\?(?::|=|!|<=|<!|i:))?/.exec(source.slice(index, index + 4))?.[0] as string;
  if (opening === '(?i:') return ['(?:', 4, true];
  if (opening === '(' && source[index + 1] === '?') refuse(source, `the group ${source.slice(index, index + 4)}`);
  return [opening === '(' ? '(?:' : opening, opening.length, outerFolds];
}

/**
 * The source of a JavaScript expression, to be used with the flag `u`, that matches what `source` matches in Rust's or
 * Oniguruma's Unicode mode.
 *
 * @throws TokenizerError `UNSUPPORTED_PATTERN` naming the feature, such as possessive quantifiers or `\w`
 */
export function translateRegex(source: string): string {
  let output = '';
  let index = 0;
  const foldsOfGroups = [false];
  while (index < source.length) {
    const character = source[index];
    const folds = foldsOfGroups[foldsOfGroups.length - 1];
    let step: [string, number] = [character, 1];
    if (character === '\\') step = translateEscape(source, index, false);
    else if (character === '[') {
      if (folds) refuse(source, 'a class inside (?i:…)');
      step = translateClass(source, index);
    } else if (character === '(') {
      const [text, length, inner] = translateGroup(source, index, folds);
      foldsOfGroups.push(inner);
      step = [text, length];
    } else if (character === ')') foldsOfGroups.pop();
    else if (character === '.') step = ['[^\\n]', 1];
    else if (character === '^' || character === '$') refuse(source, `the anchor ${character}`);
    else if (/[?*+}]\+/.test(source.slice(index, index + 2))) refuse(source, 'a possessive quantifier');
    else if (folds && /[a-z]/i.test(character)) step = [bothCases(character), 1];
    output += step[0];
    index += step[1];
  }
  return output;
}
