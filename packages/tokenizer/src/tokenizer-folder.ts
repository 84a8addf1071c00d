import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from './atomic-write.ts';
import type { JsonObject } from './json.ts';
import { isObject } from './json.ts';
import type { TokenizerConfig } from './tokenizer-config.ts';
import { parseTokenizerConfig, specialTokensMap } from './tokenizer-config.ts';
import { TokenizerError } from './tokenizer-error.ts';
import { Tokenizer } from './tokenizer.ts';

const TOKENIZER_FILE = 'tokenizer.json';
const CONFIG_FILE = 'tokenizer_config.json';
const SPECIAL_TOKENS_FILE = 'special_tokens_map.json';
const CHAT_TEMPLATE_FILE = 'chat_template.jinja';

const VOCABULARY_FILE = 'vocabulary.txt';

/** What transformers writes for "no limit". */
const NO_LIMIT = 1e30;

function configJson({ config }: Tokenizer, addedTokens: readonly JsonObject[]): JsonObject {
  const decoder = addedTokens.map(({ id, ...token }) => [String(id), token] as const);
  return {
    added_tokens_decoder: Object.fromEntries(decoder),
    ...specialTokensMap(config),
    ...(config.chatTemplate !== undefined && { chat_template: config.chatTemplate }),
    clean_up_tokenization_spaces: false,
    model_max_length: config.modelMaxLength ?? NO_LIMIT,
    tokenizer_class: 'PreTrainedTokenizerFast',
  };
}

/** A token for people: the text it stands for as a JSON string, or its bytes where they are no text. */
function readable(bytes: Uint8Array): string {
  try {
    return JSON.stringify(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return `<${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')}>`;
  }
}

/** Lines of `ID<TAB>TEXT`, by rising id. */
function vocabularyText(tokenizer: Tokenizer): string {
  const lines = Array.from(tokenizer.tokens(), ([id]) => `${id}\t${readable(tokenizer.decodeBytes([id]))}\n`);
  return lines.join('');
}

const format = (json: JsonObject): string => `${JSON.stringify(json, null, 2)}\n`;

/**
 * Saves a tokenizer as Hugging Face folders hold it: `tokenizer.json`, `tokenizer_config.json`, `special_tokens_map.json`,
 * and `chat_template.jinja` where there is a template; and for people `vocabulary.txt`, a line for every token. Each file appears only when it is whole.
 *
 * @param folder is created when absent
 */
export async function saveTokenizer(tokenizer: Tokenizer, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const json = tokenizer.toJson();
  const { chatTemplate } = tokenizer.config;
  if (chatTemplate !== undefined) await writeAtomically(join(folder, CHAT_TEMPLATE_FILE), chatTemplate);
  await writeAtomically(join(folder, SPECIAL_TOKENS_FILE), format(specialTokensMap(tokenizer.config)));
  await writeAtomically(join(folder, CONFIG_FILE), format(configJson(tokenizer, json.added_tokens as JsonObject[])));
  await writeAtomically(join(folder, VOCABULARY_FILE), vocabularyText(tokenizer));
  await writeAtomically(join(folder, TOKENIZER_FILE), format(json));
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readConfig(folder: string): Promise<TokenizerConfig> {
  const path = join(folder, CONFIG_FILE);
  const text = await readOptional(path);
  const config = text === undefined ? {} : parseTokenizerConfig(parseObject(text, path));
  const chatTemplate = (await readOptional(join(folder, CHAT_TEMPLATE_FILE))) ?? config.chatTemplate;
  return { ...config, ...(chatTemplate !== undefined && { chatTemplate }) };
}

function parseObject(text: string, path: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new TokenizerError('BAD_TOKENIZER_JSON', `${path}: not JSON (${(cause as Error).message})`, { cause });
  }
  if (!isObject(parsed)) throw new TokenizerError('BAD_TOKENIZER_JSON', `${path}: must hold a JSON object`);
  return parsed;
}

/**
 * Loads a tokenizer from a Hugging Face folder. Only `tokenizer.json` must be there.
 *
 * @param path the folder, or a `tokenizer.json`, which is then read alone
 * @throws TokenizerError `FILE_NOT_FOUND`, `BAD_TOKENIZER_JSON`, `UNSUPPORTED_FEATURE` or `UNSUPPORTED_PATTERN`; the message
 *   begins with the path
 */
export async function loadTokenizer(path: string): Promise<Tokenizer> {
  const isFile = (await stat(path).catch(() => undefined))?.isFile() ?? false;
  const jsonPath = isFile ? path : join(path, TOKENIZER_FILE);
  const text = await readOptional(jsonPath);
  if (text === undefined) throw new TokenizerError('FILE_NOT_FOUND', `${jsonPath}: no such file`);
  const config = isFile ? {} : await readConfig(path);
  try {
    return Tokenizer.fromJson(text, config);
  } catch (cause) {
    if (!(cause instanceof TokenizerError)) throw cause;
    throw new TokenizerError(cause.code, `${jsonPath}: ${cause.message.replace(/^tokenizer\.json: /, '')}`, { cause });
  }
}
