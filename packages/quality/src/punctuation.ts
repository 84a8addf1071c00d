import type { Preset } from './preset.ts';

/** The visible part of the punctuation list (66 characters); the full-width one is in it, `¿ ¡ § •` are not. */
const VISIBLE = '!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„\';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_."}►»';

/** The control characters of the list, as inclusive ranges. */
const CONTROL_RANGES: readonly (readonly [number, number])[] = [
  [0x00, 0x08],
  [0x0b, 0x0c],
  [0x0d, 0x1f],
  [0x7f, 0x9f],
];

/** Unicode 15.1 `Terminal_Punctuation` that ends sentences (159 code points), as hexadecimal ranges. */
const TERMINAL_RANGES = `21 2E 3F 589 61D-61F 6D4 700-702 7F9 837 839 83D-83E 964-965 104A-104B 1362 1367-1368 166E 1735-1736
  17D4-17D6 17D9-17DA 1803 1809 1944-1945 1AA8-1AAB 1B5A-1B5B 1B5E-1B5F 1B7D-1B7E 1C3B-1C3C 1C7E-1C7F 203C-203D
  2047-2049 2E2E 2E3C 2E53-2E54 3002 A4FF A60E-A60F A6F3 A6F7 A876-A877 A8CE-A8CF A92F A9C8-A9C9 AA5D-AA5F AAF0-AAF1
  ABEB FE52 FE56-FE57 FF01 FF0E FF1F FF61 10A56-10A57 10F55-10F59 10F86-10F89 11047-11048 110BE-110C1 11141-11143
  111C5-111C6 111CD 111DE-111DF 11238-11239 1123B-1123C 112A9 1144B-1144C 115C2-115C3 115C9-115D7 11641-11642
  1173C-1173E 11944 11946 11A42-11A43 11A9B-11A9C 11C41-11C42 11EF7-11EF8 11F43-11F44 16A6E-16A6F 16AF5 16B37-16B38
  16B44 16E98 1BC9F 1DA88`;

/** The 128 marks that spaCy's sentencizer takes for ends of sentences, as hexadecimal ranges. */
const SENTENCE_RANGES = `21 2E 3F 589 61F 6D4 700-702 7F9 964-965 104A-104B 1362 1367-1368 166E 1735-1736 1803 1809 1944-1945 1AA8-1AAB
  1B5A-1B5B 1B5E-1B5F 1C3B-1C3C 1C7E-1C7F 203C-203D 2047-2049 2E2E 2E3C A4FF A60E-A60F A6F3 A6F7 A876-A877 A8CE-A8CF A92F A9C8-A9C9
  AA5D-AA5F AAF0-AAF1 ABEB FE52 FE56-FE57 FF01 FF0E FF1F 10A56-10A57 11047-11048 110BE-110C0 11141-11143 111C5-111C6 111CD
  111DE-111DF 11238-11239 1123B-1123C 112A9 1144B-1144C 115C2-115C3 115C9-115D7 11641-11642 1173C-1173E 11A42-11A43 11A9B-11A9C
  11C41-11C42 16A6E-16A6F 16AF5 16B37-16B38 16B44 1BC9F 1DA88 FF61 3002`;

function expand(ranges: readonly (readonly [number, number])[]): string[] {
  return ranges.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, offset) => String.fromCodePoint(first + offset)),
  );
}

function parseRange(range: string): readonly [number, number] {
  const [first, last = first] = range.split('-').map((hexadecimal) => parseInt(hexadecimal, 16));
  return [first, last];
}

/** datatrove's `PUNCTUATION` (129 characters), control characters included. */
export const PUNCTUATION: ReadonlySet<string> = new Set([...VISIBLE, ...expand(CONTROL_RANGES)]);

/** datatrove's `TERMINAL_PUNCTUATION` (159 characters): what may end a sentence in any script. */
export const TERMINAL_PUNCTUATION: ReadonlySet<string> = new Set(expand(TERMINAL_RANGES.split(/\s+/).map(parseRange)));

/** What spaCy's sentencizer takes for the end of a sentence. */
export const SENTENCE_MARKS: ReadonlySet<string> = new Set(expand(SENTENCE_RANGES.split(/\s+/).map(parseRange)));

const WITH_TERMINAL: ReadonlySet<string> = new Set([...PUNCTUATION, ...TERMINAL_PUNCTUATION]);

/** The characters a Gopher word must not consist of entirely: `PUNCTUATION`, and at head the terminal marks too. */
export function punctuationSet(preset: Preset): ReadonlySet<string> {
  return preset === 'fineweb-2024' ? PUNCTUATION : WITH_TERMINAL;
}
