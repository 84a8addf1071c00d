import { PYTHON_SPACE } from './python-space.ts';

/** UTF-16 index just after the first `characters` code points. */
function codePointIndex(text: string, characters: number): number {
  let index = 0;
  for (let count = 0; count < characters && index < text.length; count++) {
    index += text.codePointAt(index)! > 0xffff ? 2 : 1;
  }
  return index;
}

/**
 * Cuts a text longer than `characters` code points at the first white space at or after that many; a text without white
 * space there is cut at exactly that many. (FinePDFs, 1 000 000 characters, before MinHash.)
 */
export function cutText(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const index = codePointIndex(text, characters);
  if (index >= text.length) return text;
  PYTHON_SPACE.lastIndex = index;
  return text.slice(0, PYTHON_SPACE.exec(text)?.index ?? index);
}
