import { join } from 'node:path';
import { openAppendFile, type AppendFile } from './append-file.ts';
import { bytesOf } from './jsonl-sink.ts';
import type { MetricRecord, MetricSink } from './metrics.ts';
import { scalarEvent, versionEvent } from './tensorboard-event.ts';
import { frameRecord } from './tfrecord.ts';

/** TensorBoard finds files by `tfevents` in the name; the number, usually a time, only orders them. */
const fileName = 'events.out.tfevents.0000000000.smol';

/** Numbers of a record under slash-separated tags, which TensorBoard groups by their first part. */
export function scalarsOf(record: MetricRecord): Record<string, number> {
  const { step: _step, timing, ...content } = record;
  const scalars: Record<string, number> = {};
  const collect = (value: unknown, path: string): void => {
    if (typeof value === 'number') scalars[path] = value;
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) collect(inner, `${path}/${key}`);
  };
  for (const [key, value] of Object.entries('evaluation' in content ? content : { train: content, timing }))
    collect(value, key);
  return scalars;
}

/** Writes a TensorBoard events file into a folder. A resumed run cuts it back to where its checkpoint was written. */
export function tensorboardSink(folder: string): MetricSink {
  let file: AppendFile | undefined;
  const append = (event: Uint8Array) => file?.append(frameRecord(event));
  return {
    name: fileName,
    open(position) {
      const path = join(folder, fileName);
      const bytes = bytesOf(path, position);
      file = openAppendFile(path, bytes);
      if (bytes === 0) append(versionEvent(Date.now() / 1000));
    },
    write: (record) => append(scalarEvent(Date.now() / 1000, record.step, scalarsOf(record))),
    position: () => ({ bytes: file?.flush() ?? 0 }),
    close() {
      file?.flush();
      file?.close();
      file = undefined;
    },
  };
}
