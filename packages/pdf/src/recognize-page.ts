import type { Character, CharacterGroup } from './character.ts';
import { median } from './fragment.ts';
import { Frame } from './frame.ts';
import { measureSkew } from './measure-skew.ts';
import type { OcrEngine, OcrLine, OcrWord } from './ocr-engine.ts';
import type { GreyImage } from './render-page.ts';
import { isBlank, turnPicture } from './turn-picture.ts';
import type { QuarterTurn } from './turn-picture.ts';

/** What was recognised on a page. */
export interface RecognizedPage {
  /** The characters with their places, as if they had been read from the file; none when the page is too doubtful. */
  groups: CharacterGroup[];
  /** Characters kept. */
  characters: number;
  /** Mean confidence of the words, weighted by their length, 0 to 100; 0 when there are none. */
  confidence: number;
  /** What was done to the page, in words: turned, words left out. */
  repairs: string[];
}

/** Words that the engine doubts more than this are noise. */
const MINIMUM_WORD_CONFIDENCE = 30;
/** What the engine doubts more than this, on the whole page, is not text. */
const MINIMUM_PAGE_CONFIDENCE = 50;
/** Upside down, Tesseract is about 35 % sure, and 95 % the right way up; below this, other ways are tried. */
const UPRIGHT_CONFIDENCE = 60;
const TURNS: readonly QuarterTurn[] = [180, 90, 270];
/** Lines within this ratio of the page's usual height have its usual size: heights depend on which letters a line has. */
const USUAL_HEIGHT = 1.5;
/** From the height of a line with ascenders and descenders to the em. */
const EM_PER_HEIGHT = 0.95;
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u;

/** Lines recognised one way up. */
interface Attempt {
  turn: QuarterTurn;
  lines: OcrLine[];
  confidence: number;
}

/** Recognises a page however it was put on the scanner; noise is left out. */
export async function recognizePage(image: GreyImage, engine: OcrEngine, language: string): Promise<RecognizedPage> {
  if (isBlank(image)) return { groups: [], characters: 0, confidence: 0, repairs: [] };
  const skew = measureSkew(image);
  const straight = await turnPicture(image, -skew);
  const { turn, lines, confidence } = await recognizeUpright(straight, engine, language);
  const repairs = skew === 0 ? [] : [`straightened by ${skew} degrees`];
  if (turn !== 0) repairs.push(`turned by ${turn} degrees`);
  if (confidence < MINIMUM_PAGE_CONFIDENCE) return { groups: [], characters: 0, confidence, repairs };
  const kept = lines.map((line) => ({ ...line, words: line.words.filter(isSure) }));
  const doubtful = countWords(lines) - countWords(kept);
  if (doubtful > 0) repairs.push(`${doubtful} doubtful word${doubtful === 1 ? '' : 's'} left out`);
  const groups = toGroups(kept, straight, turn);
  const characters = groups.reduce((sum, group) => sum + group.characters.length, 0);
  return { groups, characters, confidence, repairs };
}

async function recognizeUpright(image: GreyImage, engine: OcrEngine, language: string): Promise<Attempt> {
  let best = await attempt(image, 0, engine, language);
  for (const turn of TURNS) {
    if (best.confidence >= UPRIGHT_CONFIDENCE) break;
    const next = await attempt(image, turn, engine, language);
    if (next.confidence > best.confidence) best = next;
  }
  const sideways = sidewaysTurn(best.lines, language);
  if (best.confidence < MINIMUM_PAGE_CONFIDENCE || sideways === 0) return best;
  return attempt(image, ((best.turn + sideways) % 360) as QuarterTurn, engine, language);
}

/** Tesseract reads lines that run down or up the page, too; this is the turn that makes them upright. Chinese and Japanese may run down. */
function sidewaysTurn(lines: OcrLine[], language: string): QuarterTurn {
  if (/^(?:chi|jpn|kor)/.test(language)) return 0;
  let [across, down, up] = [0, 0, 0];
  for (const { words } of lines) {
    if (words.length < 2) continue;
    const [first, last] = [words[0], words[words.length - 1]];
    const [run, fall] = [Math.abs(last.left - first.left), last.top - first.top];
    if (Math.abs(fall) <= run) across++;
    else if (fall > 0) down++;
    else up++;
  }
  if (across >= Math.max(down, up)) return 0;
  return down > up ? 270 : 90;
}

async function attempt(image: GreyImage, turn: QuarterTurn, engine: OcrEngine, language: string): Promise<Attempt> {
  const lines = await engine.recognize(await turnPicture(image, turn), language);
  const words = lines.flatMap((line) => line.words);
  const length = words.reduce((sum, { text }) => sum + text.length, 0);
  const sum = words.reduce((total, { text, confidence }) => total + text.length * confidence, 0);
  return { turn, lines, confidence: length === 0 ? 0 : sum / length };
}

function isSure({ confidence }: OcrWord): boolean {
  return confidence >= MINIMUM_WORD_CONFIDENCE;
}

function countWords(lines: OcrLine[]): number {
  return lines.reduce((sum, { words }) => sum + words.length, 0);
}

/** Lines of words → glyphs in points, so that pictures and files go through the same layout. */
function toGroups(lines: OcrLine[], { width, height, resolution }: GreyImage, turn: QuarterTurn): CharacterGroup[] {
  const scale = 72 / resolution;
  const frame = new Frame(0, [0, 0, width * scale, height * scale]).at(turn);
  const usual = median(lines.map((line) => line.height));
  const characters = lines.flatMap((line) => {
    const isUsual = line.height < usual * USUAL_HEIGHT && line.height > usual / USUAL_HEIGHT;
    const size = (isUsual ? usual : line.height) * EM_PER_HEIGHT;
    return line.words.flatMap((word) => toCharacters(word, line.baseline, size, scale));
  });
  return characters.length === 0 ? [] : [{ angle: 0, width: frame.width, height: frame.height, frame, characters }];
}

/** The letters of a word share its width; those of right-to-left words run from the right. */
function toCharacters(word: OcrWord, baseline: number, size: number, scale: number): Character[] {
  const letters = [...word.text];
  const step = (word.right - word.left) / letters.length;
  const leftward = RIGHT_TO_LEFT.test(word.text);
  return letters.map((text, index) => {
    const left = word.left + step * (leftward ? letters.length - 1 - index : index);
    return {
      text,
      left: left * scale,
      right: (left + step) * scale,
      top: (baseline - size * 0.8) * scale,
      bottom: (baseline + size * 0.2) * scale,
      baseline: baseline * scale,
      size: size * scale,
      bold: false,
      hidden: false,
      afterSpace: index === 0,
    };
  });
}
