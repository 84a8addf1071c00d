/** What the pages of `site-pages.fixture.ts` are about: articles in words of our own, no two paragraphs the same. */

/** The pieces of an article that a template may use. */
export interface Article {
  title: string;
  paragraphs: string[];
  headings: string[];
  items: string[];
  quote: string;
  code: string;
  rows: string[][];
}

const SUBJECTS =
  'tide mills|stone bridges|night trains|salt pans|bee hives|glass kilns|hill forts|canal locks|rope walks|peat bogs|bell towers|ice houses'.split(
    '|',
  );
const SENTENCES = [
  'The first record of SUBJECT in this valley is a letter that was written by a carpenter to his brother in the spring of 1742',
  'Visitors often ask how SUBJECT were kept in order through the winter, when the roads were closed and nobody could bring timber',
  'It takes about three years to learn the work, and most of what is learned cannot be found in any book on SUBJECT',
  'A survey of the county counted forty-one of them, of which nine are still in use and two have been moved to a museum',
  'What makes SUBJECT worth studying is that every one of them was built by people who had never seen a drawing of another',
  'When the railway came the trade in stone fell away, and with it the small workshops that had lived on SUBJECT for a century',
  'Measurements taken last autumn show that the foundations have moved by less than the width of a hand since they were laid',
  'The owner keeps a diary of repairs, and from its pages one can follow the price of oak, iron and labour over sixty years',
  'Nobody planned the village around SUBJECT, but the lanes, the wells and even the churchyard bend towards the water',
  'In dry summers the lower courses can be seen, and on them the marks that the masons left so that they would be paid',
  'There is a story that the builder hid a silver coin under the threshold, although three restorations have failed to find it',
  'For a long time the only light came from a lamp that burned fish oil, and its smoke has blackened the beams for good',
  'Children are taught the names of the parts in a rhyme, which is how several words of the old dialect have stayed alive',
  'Engineers from the university now come every May to test new sensors, since SUBJECT give them a slow and steady load',
];

/** An article of its own for every page: sentences are dealt out so that no two paragraphs are the same. */
export function article(index: number, count = 6): Article {
  const subject = SUBJECTS[index % SUBJECTS.length];
  const sentence = (at: number) =>
    `${SENTENCES[(index * 5 + at * 3) % SENTENCES.length].replace('SUBJECT', subject)}, as page ${index} says in line ${at}.`;
  return {
    title: `A short history of ${subject}, part ${index + 1}`,
    paragraphs: Array.from({ length: count }, (_, at) => `${sentence(at * 2)} ${sentence(at * 2 + 1)}`),
    headings: [`How ${subject} were built`, 'What is left of them today'],
    items: [
      `oak beams for the frame of number ${index}`,
      'iron straps, forged on the spot',
      'lime mortar with a little ash in it',
    ],
    quote: `We never thought of ${subject} as old, said the last of the keepers, we thought of them as ours.`,
    code: `def load(span, weight):\n    # page ${index}\n    return weight * span / 8`,
    rows: [
      ['Year', 'Built', 'Lost'],
      ['1750', '12', '1'],
      ['1850', String(20 + index), '9'],
      ['1950', '0', '17'],
    ],
  };
}
