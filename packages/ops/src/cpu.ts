/**
 * `import '@smol/ops/cpu'` registers tfjs's plain JavaScript backend, which runs anywhere and needs nothing, together with a
 * scatter-add that can train embeddings (tfjs's own takes time proportional to rows × vocabulary). Meant for examples, tests
 * and tiny models; `@smol/engine` is the fast way.
 */
import '@tensorflow/tfjs-backend-cpu';
import { registerScatterAdd } from './scatter-add.ts';

registerScatterAdd('cpu');
