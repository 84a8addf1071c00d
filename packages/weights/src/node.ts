export type { TensorInfo } from './header.ts';
export type { JsonObject } from './json-file.ts';
export { loadModelFolder, saveModelFolder } from './model-folder.ts';
export type { ModelFolder, ModelFolderInput } from './model-folder.ts';
export { readSafetensors, SafetensorsFile, writeSafetensors } from './safetensors-file.ts';
