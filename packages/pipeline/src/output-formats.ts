import type { OutputFormat } from './document-writer.ts';
import { jsonlFormat, jsonlGzFormat } from './jsonl-format.ts';
import { jsonlZstFormat } from './jsonl-zst-format.ts';
import { parquetFormat } from './parquet-format.ts';
import { PipelineError } from './pipeline-error.ts';

/** Formats of output files, by the end of a file's name. */
const FORMATS: Readonly<Record<string, OutputFormat>> = {
  '.jsonl': jsonlFormat,
  '.jsonl.gz': jsonlGzFormat,
  '.jsonl.zst': jsonlZstFormat,
  '.parquet': parquetFormat(),
};

/**
 * The format that a file's name asks for.
 *
 * @throws PipelineError INVALID_ARGUMENT
 */
export function outputFormat(path: string): OutputFormat {
  const extension = outputExtension(path);
  return FORMATS[extension];
}

/** The end of a file's name that says its format. */
export function outputExtension(path: string): string {
  const extension = Object.keys(FORMATS).find((end) => path.endsWith(end));
  if (extension !== undefined) return extension;
  throw new PipelineError(
    'INVALID_ARGUMENT',
    `an output file must end in ${Object.keys(FORMATS).join(', ')}, got ${path}`,
  );
}
