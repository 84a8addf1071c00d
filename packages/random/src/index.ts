export { philox4x32 } from './philox.ts';
export { RandomError, RandomStream } from './random-stream.ts';
