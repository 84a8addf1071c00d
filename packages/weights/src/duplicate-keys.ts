const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Index of the quote that ends the string starting at `start`. */
function endOfString(json: string, start: number): number {
  let index = start + 1;
  while (json.charCodeAt(index) !== QUOTE) index += json.charCodeAt(index) === BACKSLASH ? 2 : 1;
  return index;
}

/**
 * Finds a key that occurs twice in one object of a JSON text. `JSON.parse` keeps the last value silently, and two readers
 * of one file must not see different tensors.
 *
 * @param json a text that `JSON.parse` has accepted
 * @returns the first repeated key, or undefined
 */
export function findDuplicateKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  let lastString = '';
  for (let index = 0; index < json.length; index++) {
    const character = json[index];
    if (character === '{') open.push(new Set());
    else if (character === '}') open.pop();
    else if (character === '"') {
      const end = endOfString(json, index);
      lastString = json.slice(index, end + 1);
      index = end;
    } else if (character === ':') {
      const keys = open[open.length - 1];
      const key = JSON.parse(lastString) as string;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}
