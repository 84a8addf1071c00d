import { AtomicFile } from './atomic-file.ts';
import { UsageError } from './cli-arguments.ts';
import type { CliArguments } from './cli-arguments.ts';
import type { CliStreams } from './cli-streams.ts';
import { print, readSource } from './cli-streams.ts';
import { drawOverlay } from './draw-overlay.ts';
import { extractPdf } from './extract-pdf.ts';
import { openPdf } from './open-pdf.ts';

/** `smol-pdf render`: a PNG of a page with the blocks found in the whole document drawn over it. Gives the exit code. */
export async function runRender(cliArguments: CliArguments, { stdin, stdout }: CliStreams): Promise<number> {
  const { inputs, output, password, keepRunningHeads, ocr, ocrLanguage, pages = [1] } = cliArguments;
  if (pages.length !== 1) throw new UsageError('render draws one page; choose it with --page');
  const { source, name } = await readSource(inputs[0], stdin);
  const { blocks } = await extractPdf(source, { password, keepRunningHeads, ocr, ocrLanguage, name });
  using document = await openPdf(source, { password, name });
  const picture = await drawOverlay(document, blocks, pages[0] - 1);
  if (output === undefined) await print(stdout, picture);
  else writePicture(output, picture);
  return 0;
}

function writePicture(path: string, picture: Uint8Array): void {
  const file = new AtomicFile(path);
  try {
    file.write(picture);
    file.close();
  } finally {
    file.discard();
  }
}
