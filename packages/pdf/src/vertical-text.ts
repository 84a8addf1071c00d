import type { Character, CharacterGroup } from './character.ts';

/** What is written from top to bottom, its punctuation included. */
const VERTICAL =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303F\u30FC\uFE10-\uFE4F\uFF01-\uFF65]/u;
/** In ems: how far glyphs of one column stand to the side of each other, and how far one is below the last. */
const ASIDE = 0.3;
const STEP = [0.4, 2.2] as const;
/** The direction, counter-clockwise, in which columns become lines: down the page, the next one to the left. */
const DOWNWARD = 270;

/**
 * Chinese, Japanese and Korean glyphs that step down the page rather than to the right are put in the group of text that runs downward:
 * there their columns are lines, from the right to the left.
 */
export function turnVertical(groups: CharacterGroup[]): CharacterGroup[] {
  const upright = groups.find(({ angle }) => angle === 0);
  if (!upright) return groups;
  const vertical = findVertical(upright.characters);
  if (vertical.size === 0) return groups;
  const frame = upright.frame.at(DOWNWARD);
  const known = groups.find(({ angle }) => angle === DOWNWARD);
  const turned = upright.characters.filter((character) => vertical.has(character));
  const downward: CharacterGroup = {
    angle: DOWNWARD,
    width: frame.width,
    height: frame.height,
    frame,
    characters: [...turned.map((character) => turn(character, upright.width)), ...(known?.characters ?? [])],
  };
  const rest = { ...upright, characters: upright.characters.filter((character) => !vertical.has(character)) };
  const others = groups.filter((group) => group !== upright && group !== known);
  return [downward, rest, ...others]
    .filter(({ characters }) => characters.length > 0)
    .sort((a, b) => b.characters.length - a.characters.length);
}

/** Runs of glyphs below each other, where there are more such steps than steps to the right. */
function findVertical(characters: Character[]): Set<Character> {
  const found = new Set<Character>();
  let [down, right] = [0, 0];
  let last: Character | undefined;
  for (const character of characters) {
    const before = last;
    last = VERTICAL.test(character.text) ? character : undefined;
    if (!before || !last) continue;
    if (isBelow(before, character)) {
      down++;
      found.add(before).add(character);
    } else if (Math.abs(before.baseline - character.baseline) < character.size * ASIDE) right++;
  }
  return down > right ? found : new Set();
}

function isBelow(a: Character, b: Character): boolean {
  const aside = Math.abs(a.left + a.right - b.left - b.right) / 2;
  const step = (b.top + b.bottom - a.top - a.bottom) / 2;
  return aside < ASIDE * b.size && step > STEP[0] * b.size && step < STEP[1] * b.size;
}

function turn(character: Character, width: number): Character {
  const { left, right, top, bottom } = character;
  const [above, below] = [width - right, width - left];
  return { ...character, left: top, right: bottom, top: above, bottom: below, baseline: below, afterSpace: false };
}
