export { loadGgufModel, loadModel } from './load-model.ts';
export { measureQuantization } from './measure-quantization.ts';
export type { QuantizationReport } from './measure-quantization.ts';
export { saveGgufModel, saveModel } from './save-model.ts';
export type { SaveGgufOptions, SaveModelOptions } from './save-model.ts';
