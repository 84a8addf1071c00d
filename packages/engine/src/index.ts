export { chooseEngine } from './choose-engine.ts';
export type { Decision, EngineName, Findings } from './choose-engine.ts';
export { EngineError } from './engine-error.ts';
export type { EngineErrorCode } from './engine-error.ts';
export { disposeEngine, useEngine } from './use-engine.ts';
export type { EngineChoice, EngineInfo, EngineOptions } from './use-engine.ts';
export type { Precision } from './native/native-backend.ts';
export { describeEngines } from './describe-engines.ts';
export type { EngineReport } from './describe-engines.ts';
