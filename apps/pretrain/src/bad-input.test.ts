import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeWarcRecord } from '@smol/web';
import PdfDocument from 'pdfkit';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli, temporaryFolder, writeTinyRecipe } from './fixtures/tiny-run.ts';
import { readChapters } from './sample/text-packages.ts';

// What a user sees who gives the built command line something that it cannot use.

describe('bad input', { tags: ['slow'] }, () => {
  const folder = temporaryFolder();
  let recipe: string;
  const run = (path: string, shell?: string) =>
    runCli(['run', path, '--runs', join(folder, 'runs'), '--threads', '2'], { cwd: folder, shell });

  /** The tiny recipe under another name, with one more source. */
  function recipeWith(name: string, change: (recipe: Record<string, unknown>) => void): string {
    const content = parse(readFileSync(recipe, 'utf8')) as Record<string, unknown>;
    content.name = name;
    change(content);
    const path = join(folder, `${name}.yaml`);
    writeFileSync(path, stringify(content));
    return path;
  }

  const addSource = (name: string, kind: string, path: string) => (content: Record<string, unknown>) => {
    content.sources = { ...(content.sources as object), [name]: { kind, paths: [path] } };
  };

  beforeAll(() => {
    recipe = writeTinyRecipe(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('an unknown recipe key is named with file and line', async () => {
    const path = recipeWith('unknown-key', (content) => {
      content.trian = {};
    });
    const { code, stderr } = await run(path);
    expect(code).toBe(1);
    expect(stderr).toMatch(/recipe .*unknown-key\.yaml cannot be used:\n {2}line \d+: Unrecognized key: "trian"/);
  });

  it('a missing file is named with its source', async () => {
    const { code, stderr } = await run(recipeWith('missing', addSource('extra', 'jsonl', 'nowhere.jsonl')));
    expect(code).toBe(1);
    expect(stderr).toContain('source "extra": nowhere.jsonl matches no file');
  });

  it('a corrupt gzip member of a WARC is named with its offset; the other sources are kept', async () => {
    const records = readChapters()
      .slice(10, 16)
      .map(({ slug, text }) =>
        encodeWarcRecord({
          url: `http://example.com/${slug}`,
          date: '2024-01-31T12:00:00Z',
          payload: `<p>${text}</p>`,
        }),
      );
    const bytes = Buffer.concat(records);
    const damagedAt = records[0].length + records[1].length;
    bytes.fill(0xff, damagedAt + 200, damagedAt + 600);
    writeFileSync(join(folder, 'damaged.warc.gz'), bytes);
    const path = recipeWith('damaged', addSource('web', 'warc', 'damaged.warc.gz'));
    const { code, stderr } = await run(path);
    expect(code).toBe(1);
    expect(stderr).toContain(`the record at byte ${damagedAt} of ${join(folder, 'damaged.warc.gz')} is damaged`);
    expect(stderr).toContain('set onDamage to skip');
    expect(existsSync(join(folder, 'runs/damaged/filtered/novel/report.json'))).toBe(true);
  });

  it('with onDamage: skip the damaged record is counted and the run goes on', async () => {
    const path = recipeWith('skipped', (content) => {
      addSource('web', 'warc', 'damaged.warc.gz')(content);
      content.curate = { ...(content.curate as object), onDamage: 'skip' };
    });
    const { code, stdout } = await run(path);
    expect(code).toBe(0);
    expect(stdout).toMatch(/1 {2}read +damaged_record/);
  }, 120_000);

  it('an encrypted PDF is named', async () => {
    const document = new PdfDocument({ userPassword: 'secret' });
    document.text('Nobody can read this.').end();
    const chunks: Uint8Array[] = [];
    for await (const chunk of document) chunks.push(chunk as Uint8Array);
    writeFileSync(join(folder, 'locked.pdf'), Buffer.concat(chunks));
    const { code, stderr } = await run(recipeWith('encrypted', addSource('papers', 'pdf', 'locked.pdf')));
    expect(code).toBe(1);
    expect(stderr).toMatch(/locked\.pdf.*(encrypted|password)/);
  });

  it('a corpus that is empty after filtering says where the reasons are', async () => {
    const path = recipeWith('empty', (content) => {
      content.curate = { languages: ['fr'] };
    });
    const { code, stderr } = await run(path);
    expect(code).toBe(1);
    expect(stderr).toContain('no document is left to train on');
    expect(stderr).toContain('report.json');
    expect(existsSync(join(folder, 'runs/empty/filtered/novel/report.json'))).toBe(true);
  });

  it('a source that has no documents is named before anything is built on it', async () => {
    writeFileSync(join(folder, 'nothing.jsonl'), '');
    const path = recipeWith('hollow', (content) => {
      addSource('speeches', 'jsonl', 'nothing.jsonl')(content);
    });
    const { code, stderr } = await run(path);
    expect(code).toBe(1);
    expect(stderr).toContain('no document is left of the source "speeches"');
    expect(existsSync(join(folder, 'runs/hollow/tokenizer'))).toBe(false);
  });

  // A limit on file sizes makes writes fail midway as a full disk does, where the shell has one.
  it.runIf(process.platform !== 'win32')(
    'a disk that takes no more is named with the path; what was finished stays',
    async () => {
      const path = recipeWith('full', () => {});
      const limited = await run(path, "trap '' XFSZ; ulimit -f 60");
      expect(limited.code).toBe(1);
      expect(limited.stderr).toMatch(/EFBIG|file too large/i);
      expect(limited.stderr).toContain(join(folder, 'runs/full'));
      expect(existsSync(join(folder, 'runs/full/documents/novel.jsonl.gz'))).toBe(true);
      const again = await run(path);
      expect(again.code).toBe(0);
      expect(again.stderr).toMatch(/^curate +unchanged/m);
    },
    120_000,
  );
});
