export { folderStore } from './checkpoint-folder.ts';
export { eventLog, jsonlSink } from './jsonl-sink.ts';
export { loadCheckpoint } from './load-checkpoint.ts';
export { saveCheckpoint, type SaveOptions } from './save-checkpoint.ts';
export { listenToSignals, type TrainSignals } from './train-signals.ts';
export { tensorboardSink } from './tensorboard-sink.ts';
