export type { ExpectedCache } from './cache-header.ts';
export { TeacherCache } from './cache-reader.ts';
export {
  finishTeacherCache,
  writeTeacherCache,
  writeTeacherParts,
  type CacheWriterOptions,
  type TeacherLogits,
} from './cache-writer.ts';
export { TeacherCaches, type ShardCache } from './teacher-caches.ts';
export { hashFiles } from './hash-file.ts';
