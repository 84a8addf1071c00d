import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from '@smol/tokenizer';
import { loadTokenizer } from '@smol/tokenizer/node';
import { openGgufModel } from '@smol/weights/node';
import { PretrainError } from '../pretrain-error.ts';

/** What a token id means, as a hash: teacher and student agree on it, or must not meet. */
export function tokenizerFingerprint(tokenizer: Tokenizer): string {
  const tokens = Array.from({ length: tokenizer.vocabularySize }, (_, id) => tokenizer.idToToken(id) ?? null);
  return `sha256:${createHash('sha256').update(JSON.stringify(tokens)).digest('hex')}`;
}

/** The tokenizer of a teacher: of a model folder, a run folder or a GGUF file. */
export async function teacherTokenizer(teacher: string): Promise<Tokenizer> {
  if (!teacher.endsWith('.gguf')) return loadTokenizer(modelFolder(teacher));
  const { tokenizer, close } = await openGgufModel(teacher);
  await close();
  if (tokenizer) return Tokenizer.fromJson(tokenizer.tokenizerJson);
  throw new PretrainError(
    'TEACHER_MISMATCH',
    `${teacher} has no tokenizer in it; convert the model with its tokenizer`,
  );
}

/** Ids that a teacher has logits for: those of its tokenizer, and in a model folder maybe some that fill up. */
export function teacherVocabulary(teacher: string, tokenizer: Tokenizer): number {
  if (teacher.endsWith('.gguf')) return tokenizer.vocabularySize;
  const config = JSON.parse(readFileSync(join(modelFolder(teacher), 'config.json'), 'utf8')) as { vocab_size: number };
  return config.vocab_size;
}

/** A run folder has its model in `model/`. */
export function modelFolder(path: string): string {
  return existsSync(join(path, 'model', 'config.json')) ? join(path, 'model') : path;
}
