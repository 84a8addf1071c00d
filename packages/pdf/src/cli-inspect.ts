import type { CliArguments } from './cli-arguments.ts';
import type { CliStreams } from './cli-streams.ts';
import { formatTable, print, readSource } from './cli-streams.ts';
import { PdfError } from './pdf-error.ts';
import { routePages } from './route-pages.ts';
import type { RoutedPage, RoutedPdf } from './route-pages.ts';

/** `smol-pdf inspect`: how the pages of files would be read, and why. Gives the exit code. */
export async function runInspect(cliArguments: CliArguments, streams: CliStreams): Promise<number> {
  let failed = 0;
  for (const input of cliArguments.inputs) {
    try {
      const { source, name } = await readSource(input, streams.stdin);
      const routed = await routePages(source, { password: cliArguments.password, name });
      const pages = routed.pages.filter(({ page }) => cliArguments.pages?.includes(page) ?? true);
      await print(streams.stdout, cliArguments.format === 'json' ? `${JSON.stringify({ id: name, ...routed, pages })}\n` : describe(name, routed, pages)); // prettier-ignore
    } catch (error) {
      if (!(error instanceof PdfError)) throw error;
      failed++;
      await print(streams.stderr, `smol-pdf: ${error.message}\n`);
    }
  }
  return failed === 0 ? 0 : 1;
}

function describe(
  name: string,
  { pageCount, truncated, isForm, isScanner, repairs }: RoutedPdf,
  pages: RoutedPage[],
): string {
  const facts = [
    `${pageCount} page${pageCount === 1 ? '' : 's'}`,
    truncated && 'cut short',
    isForm && 'a form',
    isScanner && 'made by a scanner',
    ...repairs,
  ];
  const rows = pages.map(({ page, route, garbled, features, reason }) => [
    String(page),
    route,
    String((features?.visible.characters ?? 0) + (features?.hidden.characters ?? 0)),
    String(features?.fonts ?? 0),
    percent(features?.imageShare ?? 0),
    percent(garbled),
    reason,
  ]);
  const head = ['page', 'route', 'characters', 'fonts', 'images', 'garbled', 'why'];
  return `${name}: ${facts.filter(Boolean).join(', ')}\n${formatTable([head, ...rows])}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
