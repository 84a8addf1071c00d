import type { ElementRole } from './element-role.ts';
import type { Block, Page, PageElement } from './page.ts';
import { proseWeight } from './page.ts';
import { TEXT_TAGS } from './tag-roles.ts';

/** Prose (see `proseWeight`) below which the furniture rules are taken to have misfired: trafilatura's minimum extracted size. */
export const MINIMUM_PROSE = 250;
const MAXIMUM_VETOES = 8;
/** A declared content element must hold this share of the prose found so far to be believed. */
const DECLARED_SHARE = 0.6;
/** Any other container must hold this share. */
const DOMINANT_SHARE = 0.97;

/**
 * The blocks of the page's main content: without elements of the roles in `excluded`, and inside the smallest container
 * that still holds nearly all running text (declared ones, `<article>` or `class="entry-content"`, may hold less).
 */
export function mainContent({ head, elements, blocks }: Page, excluded: ReadonlySet<ElementRole>): Block[] {
  const isExcluded = excludeByRole(elements, blocks, excluded);
  const prose = remainingProse(elements, blocks, isExcluded);
  const root = contentRoot(elements, prose);
  const inRoot = descendants(elements, root);
  const title = titleBefore(blocks, `${head.title} ${head.meta.get('og:title') ?? ''}`, isExcluded, inRoot);
  const inside = blocks.filter(({ element }) => inRoot[element] && !isExcluded[element]);
  return title ? [title, ...inside] : inside;
}

/**
 * Marks elements of excluded roles and all under them, then takes back marks that must be wrong: see `isMisnamed`.
 */
function excludeByRole(
  elements: readonly PageElement[],
  blocks: readonly Block[],
  roles: ReadonlySet<ElementRole>,
): boolean[] {
  const vetoed = new Set<number>();
  const declared = declaredProse(elements);
  for (;;) {
    const isExcluded = markExcluded(elements, roles, vetoed);
    const left = remainingProse(elements, blocks, isExcluded)[0];
    const suspect = largestExcluded(elements, isExcluded);
    if (suspect < 0 || vetoed.size >= MAXIMUM_VETOES) return isExcluded;
    if (!isMisnamed(elements[suspect], declared[suspect], elements[0].prose, left)) return isExcluded;
    vetoed.add(suspect);
  }
}

/**
 * Whether furniture holds so much of the page's text that it is none: a form around the page, `class="page sidebar-left"`.
 * Two thirds of the text, or half where next to nothing would be left, or a third with the declared content inside.
 */
function isMisnamed({ role, prose }: PageElement, declared: number, total: number, left: number): boolean {
  if (left < MINIMUM_PROSE && prose > total / 2) return true;
  return role === 'boilerplate' && (prose > (total * 2) / 3 || (prose > total / 3 && declared > prose / 2));
}

/** For every element the prose of the largest declared content inside it. */
function declaredProse(elements: readonly PageElement[]): Float64Array {
  const declared = new Float64Array(elements.length);
  for (let index = elements.length - 1; index > 0; index--) {
    const { parent, role, prose } = elements[index];
    declared[parent] = Math.max(declared[parent], role === 'content' ? prose : declared[index]);
  }
  return declared;
}

function markExcluded(
  elements: readonly PageElement[],
  roles: ReadonlySet<ElementRole>,
  vetoed: ReadonlySet<number>,
): boolean[] {
  const isExcluded: boolean[] = [false];
  const isContent: boolean[] = [false];
  for (let index = 1; index < elements.length; index++) {
    const element = elements[index];
    const { parent, role, tag } = element;
    const opensText = tag === 'header' && (isContent[parent] || isWrittenHeader(element));
    isContent.push(isContent[parent] || role === 'content');
    isExcluded.push(isExcluded[parent] || (roles.has(role) && !vetoed.has(index) && !opensText));
  }
  return isExcluded;
}

/** A `<header>` with paragraphs in it opens the text (a preamble, a standfirst) and is no site header; nor is one in an article. */
function isWrittenHeader({ prose, width, linkWidth }: PageElement): boolean {
  return prose >= 60 && linkWidth < width / 5;
}

/** The outermost excluded element with the most prose, or −1. */
function largestExcluded(elements: readonly PageElement[], isExcluded: readonly boolean[]): number {
  let largest = -1;
  for (let index = 1; index < elements.length; index++) {
    if (!isExcluded[index] || isExcluded[elements[index].parent]) continue;
    if (largest < 0 || elements[index].prose > elements[largest].prose) largest = index;
  }
  return largest;
}

/** Prose under every element, not counting excluded parts. */
function remainingProse(
  elements: readonly PageElement[],
  blocks: readonly Block[],
  isExcluded: readonly boolean[],
): Float64Array {
  const prose = new Float64Array(elements.length);
  for (const block of blocks) if (!isExcluded[block.element]) prose[block.element] += proseWeight(block);
  for (let index = elements.length - 1; index > 0; index--) prose[elements[index].parent] += prose[index];
  return prose;
}

/** Goes down from the declared content (else the whole page) as long as one child dominates. */
function contentRoot(elements: readonly PageElement[], prose: Float64Array): number {
  let root = declaredRoot(elements, prose);
  const heaviest = heaviestChildren(elements, prose);
  for (;;) {
    const child = heaviest[root];
    if (child < 0 || TEXT_TAGS.has(elements[child].tag) || prose[child] < DOMINANT_SHARE * prose[root]) return root;
    root = child;
  }
}

/** The innermost element declared as content that keeps most of the prose at every step inwards; 0 when there is none. */
function declaredRoot(elements: readonly PageElement[], prose: Float64Array): number {
  let root = 0;
  for (let index = 1; index < elements.length; index++) {
    if (elements[index].role === 'content' && prose[index] > 0 && prose[index] >= DECLARED_SHARE * prose[root])
      root = index;
  }
  return root;
}

function heaviestChildren(elements: readonly PageElement[], prose: Float64Array): Int32Array {
  const heaviest = new Int32Array(elements.length).fill(-1);
  for (let index = 1; index < elements.length; index++) {
    const { parent } = elements[index];
    if (heaviest[parent] < 0 || prose[index] > prose[heaviest[parent]]) heaviest[parent] = index;
  }
  return heaviest;
}

function descendants(elements: readonly PageElement[], root: number): boolean[] {
  const inside: boolean[] = [];
  elements.forEach(({ parent }, index) => inside.push(index === root || (index > root && inside[parent])));
  return inside;
}

/**
 * A document starts with its title: the last heading before the content that is an `<h1>` or stands in the page's `<title>`,
 * unless the content has such a heading itself.
 */
function titleBefore(
  blocks: readonly Block[],
  pageTitle: string,
  isExcluded: readonly boolean[],
  inRoot: readonly boolean[],
): Block | undefined {
  const isTitle = ({ kind, level, text, element }: Block) =>
    kind === 'heading' && !isExcluded[element] && (level === 1 || pageTitle.includes(text));
  if (blocks.some((block) => inRoot[block.element] && isTitle(block))) return undefined;
  const start = blocks.findIndex(({ element }) => inRoot[element]);
  return blocks.slice(0, Math.max(0, start)).findLast(isTitle);
}
