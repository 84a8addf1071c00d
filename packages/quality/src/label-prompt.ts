/** Lowest and highest score that {@link educationalPrompt} asks for. */
export const EDUCATIONAL_RANGE = [0, 5] as const;

/**
 * Asks a language model to rate a page's educational value on FineWeb-Edu's additive scale (Penedo et al. 2024, §4): a point for
 * each of five conditions, each harder than the one before. The scale is the paper's, the words are ours.
 */
export function educationalPrompt(text: string): string {
  return `Below is an extract from a web page. Rate how useful it would be for teaching, from primary school to the end of grammar school.
Start from 0 and add up points; each condition that holds adds one:

1. It gives some basic information that relates to something one can study, even when advertising, navigation or other material that teaches nothing stands beside it.
2. It treats parts of a subject that is taught, but not closely to any curriculum: the overview is shallow, the order is loose, or useful and useless material are mixed.
3. It suits teaching as it is: it introduces key ideas of a school subject and hangs together, though it may be incomplete or hold some that is beside the point, as the introduction of a textbook or a simple tutorial may.
4. It is highly relevant for teaching below university level: clear and consistent, much of it explanation, with exercises or worked examples, hardly anything beside the point, as a chapter of a textbook.
5. It is outstanding for primary or grammar school: the reasoning is easy to follow, the subject is treated in depth, nothing distracts.

The extract:
<extract>
${text}
</extract>

First justify your total in at most 100 words. Then end with one line of this very form:
Educational score: <total points>`;
}

const SCORE = /score\s*:?\s*[*_]*\s*:?\s*[*_]*\s*(\d+(?:\.\d+)?)/gi;

/** The last "score: N" of an answer, or undefined when there is none in the range. */
export function parseScore(
  answer: string,
  [worst, best]: readonly [number, number] = EDUCATIONAL_RANGE,
): number | undefined {
  const last = [...answer.slice(-4000).matchAll(SCORE)].at(-1);
  const score = Number(last?.[1] ?? NaN);
  return score >= worst && score <= best ? score : undefined;
}
