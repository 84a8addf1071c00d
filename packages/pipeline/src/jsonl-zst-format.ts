import type { OutputFormat } from './document-writer.ts';
import { JsonlDocumentWriter } from './jsonl-format.ts';
import { loadZstandard, zstdFrame } from './zstandard.ts';

/** JSON Lines in Zstandard frames of about 1 MiB of text, cut between lines, each with a checksum. */
export const jsonlZstFormat: OutputFormat = {
  load: loadZstandard,
  open: (file) => new JsonlDocumentWriter(file, zstdFrame, true),
};
