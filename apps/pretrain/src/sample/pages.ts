import { RandomStream } from '@smol/random';
import { asParagraphs, asSections, magazinePage, plainPage } from './page-templates.ts';
import { readChapters, readCountries, readDeclarations, type SampleText } from './text-packages.ts';

/** A page as a crawler would find it. */
export interface SamplePage {
  url: string;
  html: string;
  contentType?: string;
}

const declarationCodes = (
  'eng fra deu_1996 spa ita por_PT nld pol ron_2006 ces swe dan fin hun tur ell_monotonic rus ukr bul srp_cyrl hrv slk slv lit lav est ' +
  'arb heb pes_1 urd hin ben tam tel tha vie ind kor jpn cmn_hans cmn_hant swh hau_NG yor zul amh kat hye cat eus glg gle cym isl'
).split(' ');

/** Everything in the sample's web archives, in order: good pages, repeats of some of them, and pages that filters should drop. */
export function samplePages(speeches: readonly SampleText[], seed: number): SamplePage[] {
  const good = [...countryPages(), ...chapterPages(), ...declarationPages()];
  return [...good, ...repeatedPages(speeches, seed), ...worthlessPages()];
}

function countryPages(): SamplePage[] {
  return readCountries().map(({ slug, title, sections }, index) => {
    // Every tenth page has the kind of address that must not end up in a model.
    const contact =
      index % 10 === 0
        ? `<p>Corrections are welcome at ${slug}@worldfacts.example.org, or from the office at 8.8.4.${(index % 200) + 1} on weekdays.</p>`
        : '';
    const body = asSections(sections) + contact;
    return {
      url: `https://worldfacts.example.org/country/${slug}`,
      html: magazinePage({ title, body, site: 'World Facts' }),
    };
  });
}

function chapterPages(): SamplePage[] {
  return readChapters().map(({ slug, title, text }) => ({
    url: `http://whale.example.com/novel/${slug}.html`,
    html: plainPage({ title, body: asParagraphs(text), site: 'The Whale, online' }),
  }));
}

function declarationPages(): SamplePage[] {
  return readDeclarations(declarationCodes).map(({ slug, html }) => ({
    url: `https://rights.example.net/declaration/${slug}`,
    html,
  }));
}

/** The same text under other addresses: word for word, lightly edited, and speeches that other sources hold too. */
function repeatedPages(speeches: readonly SampleText[], seed: number): SamplePage[] {
  const chapters = readChapters().filter(({ text }) => text.length > 4000);
  const mirror = chapters.slice(0, 12).map(({ slug, title, text }) => ({
    url: `http://mirror.example.com/whale/${slug}`,
    html: magazinePage({ title, body: asParagraphs(text), site: 'Mirror of Books' }),
  }));
  const edited = chapters.slice(12, 36).map(({ slug, title, text }) => ({
    url: `http://blog.example.com/reading/${slug}`,
    html: magazinePage({
      title: `Reading: ${title}`,
      body: asParagraphs(editLightly(text, seed, slug)),
      site: 'A Reading Blog',
    }),
  }));
  const quoted = speeches
    .filter((_, index) => index % 12 === 5)
    .map(({ slug, title, text }) => ({
      url: `https://speeches.example.gov/archive/${slug}`,
      html: plainPage({ title, body: asParagraphs(text), site: 'Archive of Speeches' }),
    }));
  return [...mirror, ...edited, ...quoted];
}

/** Replaces about one word in two hundred, as a careless copyist would. */
export function editLightly(text: string, seed: number, purpose: string): string {
  const random = new RandomStream(seed, `edit ${purpose}`);
  return text
    .split(' ')
    .map((word, index) => (random.integer(index, 200) === 0 ? 'indeed' : word))
    .join(' ');
}

/** Pages of the kinds that every filter exists for. */
function worthlessPages(): SamplePage[] {
  const page = (path: string, title: string, body: string, contentType?: string): SamplePage => ({
    url: `http://shop.example.biz/${path}`,
    html: plainPage({ title, body, site: 'Shop' }),
    contentType,
  });
  const words = 'discount offer price sale cheap deal bargain coupon order shipping'.split(' ');
  const list = (index: number) =>
    Array.from(
      { length: 80 },
      (_, line) => `<li>${words[(line + index) % 10]} ${words[(line * 3 + index) % 10]}</li>`,
    ).join('\n');
  const numbers = Array.from({ length: 6 }, (_, index) => index);
  return [
    ...numbers.map((index) =>
      page(`login-${index}`, 'Sign in', '<form><input name="user"><button>Sign in</button></form>'),
    ),
    ...numbers.map((index) =>
      page(`spam-${index}`, 'Best offers', `<p>${'Buy cheap watches now at the best price. '.repeat(60 + index)}</p>`),
    ),
    ...numbers.map((index) =>
      page(
        `list-${index}`,
        'All offers',
        `<div><p>The list of all the offers that we have with prices to be seen.</p><ul>${list(index)}</ul></div>`,
      ),
    ),
    ...numbers.map((index) => page(`lorem-${index}`, 'Coming soon', `<p>${loremPage(index)}</p>`)),
    ...numbers.map((index) => page(`code-${index}`, 'Widget', `<p>${codePage(index)}</p>`)),
    ...numbers.map((index) =>
      page(
        `casino/${index}`,
        'Win',
        asParagraphs('You will win a lot of money with us and that is a promise. '.repeat(8)),
      ),
    ),
    ...numbers.map((index) => page(`short-${index}`, 'Opening hours', `<p>${shortPage(index)}</p>`)),
    ...numbers.map((index) => page(`image-${index}.png`, 'Image', 'not a page', 'image/png')),
  ];
}

const shortPage = (index: number) =>
  `Our house number ${index} at the market opens every morning except Sunday, and guests find it easily: follow the river, cross that old bridge, then turn left. ` +
  'Tickets are sold inside by friendly people who have maps.';

const loremPage = (index: number) =>
  `This is page ${index} of the site that we are going to have for you before the end of the year, with all that was asked for. ` +
  'Until then the place of each text is held by another one. ' +
  'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua. ' +
  'It will be ready when the people who make it have time for it. The rest follows, and we hope that it will be better than that. ' +
  'Nobody has to wait for long. We thank everyone for the visit and for the letters, which we have read with joy. Come again soon.';

const codePage = (index: number) =>
  `To be shown with the widget number ${index}, add this to the end of your page and have a look at the result of that. ` +
  'The function that you see below is all of the code: function show(widget) { return widget.open(); } and that is what you need to have. ' +
  'It works with the browsers that are in use and it will be kept up to date. Write to us with the questions that you have. ' +
  'We will be glad to help you with the rest of it. The list of the other widgets is to be found on the page that follows.';
