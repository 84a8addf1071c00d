export { BatchEncoder, encodeBatch, encodeFile } from './encode-batch.ts';
export type { BatchOptions, EncodeFileOptions, EncodeTotals, TokenWriter } from './encode-batch.ts';
export { loadTokenizer, saveTokenizer } from './tokenizer-folder.ts';
export { trainFromFiles } from './train-from-files.ts';
export type { TrainFilesOptions } from './train-from-files.ts';
