export { loadTokenizer, saveTokenizer } from './tokenizer-folder.ts';
