/**
 * tfjs-core registers no gradients by itself, and the file that does is bundler-only ESM. It is bundled into this package
 * (see tsup.config.ts); tfjs keeps its registries on globalThis, so every copy of tfjs-core sees the gradients.
 */
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
