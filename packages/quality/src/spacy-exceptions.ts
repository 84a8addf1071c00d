/**
 * Chunks that spaCy's English tokenizer treats by list rather than by rule: contractions, abbreviations, times of day,
 * emoticons. The table is generated from their regularities; spaCy's own holds about 1350 entries.
 */

const APOSTROPHES = ["'", '’'];

/** Forms that look like contractions without an apostrophe but are words of their own. */
const NOT_CONTRACTIONS = 'ill its hell shell shed were well whore'.split(' ');

const SUBJECTS: readonly (readonly [string, string])[] = [
  ['i', 'll d m ve d-ve ll-ve'],
  ['you we they', 'll d re ve d-ve ll-ve'],
  ['he she it', 'll d s d-ve ll-ve'],
  ['who what when where why how there', 'll d s re ve d-ve ll-ve'],
  ['that this', 'll d s d-ve ll-ve'],
  ['these those', 'll d re ve d-ve ll-ve'],
  ['could might must should would not', 've'],
];

const NEGATED_AND_HAVE = 'ca could do does did had may might must need ought sha should wo would'.split(' ');
const NEGATED = 'ai are is was were have has dare'.split(' ');

const WHOLE = `'Cause 'Cos 'Coz 'Cuz 'S 'bout 'cause 'cos 'coz 'cuz 'd 'em 'll 'nuff 're 's ma'am Ma'am o'clock O'clock
  Adm. Ak. Ala. Apr. Ariz. Ark. Aug. Bros. C++ Calif. Co. Colo. Conn. Corp. D.C. Dec. Del. Dr. E.G. E.g. Feb. Fla. Ga.
  Gen. Gov. I.E. I.e. Ia. Id. Ill. Inc. Ind. Jan. Jr. Jul. Jun. Kan. Kans. Ky. La. Ltd. Mar. Mass. Md. Messrs. Mich.
  Minn. Miss. Mo. Mont. Mr. Mrs. Ms. Mt. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. Nebr. Nev. Nov. Oct. Okla. Ore. Pa. Ph.D.
  Prof. Rep. Rev. S.C. Sen. Sep. Sept. St. Tenn. Va. Wash. Wis. a.m. and/or co. e.g. i.e. p.m. v.s. vs. w/o`.split(
  /\s+/,
);

/** The words whose final g may be dropped, with or without the apostrophe that says so. */
const CLIPPED = 'doin goin havin lovin nothin nuthin ol somethin'.split(' ');

const EMOTICONS =
  String.raw`'' (*_*) (-8 (-: (-; (-_-) (._.) (: (; (= (>_<) (^_^) (o: (¬_¬) (ಠ_ಠ) (╯°□°）╯︵┻━┻ )-: ): -_- -__- ._. 0.0 0.o 0_0
  0_o 8) 8-) 8-D 8D :'( :') :'-( :'-) :( :(( :((( :() :) :)) :))) :* :-( :-(( :-((( :-) :-)) :-))) :-* :-/ :-0 :-3 :-> :-D
  :-O :-P :-X :-] :-o :-p :-x :-| :-} :/ :0 :1 :3 :> :D :O :P :X :] :o :o) :p :x :| :} ;) ;-) ;-D ;D ;_; <.< </3 <3 <33
  <333 <space> =( =) =/ =3 =D =[ =] =| >.< >.> >:( >:o ><(((*> @_@ O.O O.o O_O O_o V.V V_V XD XDD [-: [: [= \") \n \t ]= ^_^ ^__^
  ^___^ o.0 o.O o.o o_0 o_O o_o v.v v_v xD xDD ¯\(ツ)/¯ ಠ_ಠ ಠ︵ಠ`.split(/\s+/);

const table = new Map<string, readonly string[]>();

function add(tokens: readonly string[]): void {
  table.set(tokens.join(''), tokens);
}

function capitalise(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Adds the word with its clitics in both apostrophe styles and in none, lower case and capitalised. */
function addContraction(word: string, clitics: readonly string[]): void {
  for (const head of [word, capitalise(word)]) {
    for (const apostrophe of APOSTROPHES) {
      add([head, ...clitics.map((clitic) => (clitic === 'nt' ? `n${apostrophe}t` : apostrophe + clitic))]);
    }
    if (!NOT_CONTRACTIONS.includes(word + clitics.join(''))) add([head, ...clitics]);
  }
}

for (const [words, clitics] of SUBJECTS) {
  for (const word of words.split(' ')) {
    for (const clitic of clitics.split(' ')) addContraction(word, clitic.split('-'));
  }
}
for (const word of [...NEGATED_AND_HAVE, ...NEGATED]) addContraction(word, ['nt']);
for (const word of NEGATED_AND_HAVE) addContraction(word, ['nt', 've']);
for (const [head, tail] of ['can not', 'gon na', 'got ta'].map((pair) => pair.split(' '))) {
  add([head, tail]);
  add([capitalise(head), tail]);
}
for (const apostrophe of APOSTROPHES) {
  for (const head of ['let', 'Let']) add([head, `${apostrophe}s`]);
  for (const head of ['c', 'C']) add([`${head}${apostrophe}m`, 'on']);
  for (const head of ['i', 'I']) add([head, `${apostrophe}m`, 'a']);
  for (const head of ['how', 'How']) add([head, `${apostrophe}d`, `${apostrophe}y`]);
  add([`y${apostrophe}`, 'all']);
  for (const word of WHOLE) add([word.replace("'", apostrophe)]);
  for (const word of CLIPPED) for (const form of [word, capitalise(word)]) add([form + apostrophe]);
}
for (const emoticon of EMOTICONS) for (const apostrophe of APOSTROPHES) add([emoticon.replaceAll("'", apostrophe)]);
for (const head of ['i', 'I']) add([head, 'm', 'a']);
add(['y', 'all']);
for (const scale of 'cCfFkK') add(['°', scale, '.']);
for (const letter of 'abcdefghijklmnopqrstuvwxyzäöü') add([`${letter}.`]);
for (let hour = 1; hour <= 12; hour++) for (const half of ['a.m.', 'am', 'p.m.', 'pm']) add([`${hour}`, half]);

/** Nothing longer than this is in the table, so longer chunks need no lookup. */
const LONGEST = Math.max(...[...table.keys()].map((chunk) => chunk.length));

/** Where a listed chunk that begins with word `start` ends, and its tokens; the longest wins. */
function findListed(words: readonly string[], start: number): { end: number; tokens: readonly string[] } | undefined {
  let joined = words[start];
  let found: { end: number; tokens: readonly string[] } | undefined;
  for (let next = start + 1; next < words.length && joined.length + words[next].length <= LONGEST; next++) {
    joined += words[next];
    const tokens = table.get(joined);
    if (tokens) found = { end: next + 1, tokens };
  }
  return found;
}

/** Puts words that touch in the text together again where they spell a listed chunk, as spaCy does after splitting. */
export function mergeSpacyExceptions(words: readonly string[]): readonly string[] {
  if (words.length < 2) return words;
  const merged: string[] = [];
  for (let start = 0; start < words.length;) {
    const found = findListed(words, start);
    merged.push(...(found?.tokens ?? [words[start]]));
    start = found?.end ?? start + 1;
  }
  return merged;
}

/** All listed chunks. */
export function spacyExceptionChunks(): Iterable<string> {
  return table.keys();
}

/** The tokens of a listed chunk, or undefined. */
export function spacyException(chunk: string): readonly string[] | undefined {
  return chunk.length <= LONGEST ? table.get(chunk) : undefined;
}
