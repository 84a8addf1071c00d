import type { Document } from './document.ts';
import type { DocumentWriter } from './document-writer.ts';
import { outputFormat } from './output-formats.ts';
import { OutputPath, partOf } from './output-path.ts';
import type { OutputOptions } from './output-path.ts';
import { PipelineError } from './pipeline-error.ts';
import type { RemovedDocument } from './step-runner.ts';
import { TaskFile } from './task-file.ts';
import type { FileMark } from './task-file.ts';
import { removedName } from './task-files.ts';
import type { TaskFiles } from './task-files.ts';

/** All writers of a task together hold no more than this before they write, in UTF-16 units. */
const BUFFERED_LIMIT = 64 * 1024 * 1024;
/** More files than this from one task are a mistake in `output.path`. */
const MAXIMUM_FILES = 10_000;

/** An output file as it was at a checkpoint, or is when its task is finished. */
export interface SavedFile extends FileMark {
  readonly name: string;
  /** The group of files it belongs to, while it is its last one and open. */
  readonly group?: string;
  readonly state?: unknown;
}

/** All output files of a task at a checkpoint. */
export interface SavedOutput {
  readonly files: readonly SavedFile[];
  /** Number of the open part of each group. */
  readonly parts: Readonly<Record<string, number>>;
}

interface OpenFile {
  readonly name: string;
  readonly file: TaskFile;
  readonly writer: DocumentWriter;
}

/** The files one task writes: what is kept, and what each step has removed for each reason. */
export class TaskOutput {
  readonly #files: TaskFiles;
  readonly #task: number;
  readonly #path: OutputPath;
  readonly #fileBytes: number;
  readonly #all = new Map<string, TaskFile>();
  /** By group: the file that documents of the group go to. */
  readonly #open = new Map<string, OpenFile>();
  readonly #parts = new Map<string, number>();
  #buffered = 0;

  private constructor(files: TaskFiles, task: number, options: OutputOptions) {
    this.#files = files;
    this.#task = task;
    this.#path = new OutputPath(options);
    this.#fileBytes = options.fileBytes ?? Infinity;
  }

  /** @throws PipelineError WRITE_FAILED */
  static start(files: TaskFiles, task: number, options: OutputOptions): TaskOutput {
    const output = new TaskOutput(files, task, options);
    if (output.#path.isFixed) output.#openOf(output.#path.group(task, {}));
    return output;
  }

  /** Goes on with files as they were at a checkpoint; `undefined` where one of them is lost or damaged. */
  static resume(files: TaskFiles, task: number, options: OutputOptions, saved: SavedOutput): TaskOutput | undefined {
    const output = new TaskOutput(files, task, options);
    for (const [group, part] of Object.entries(saved.parts)) output.#parts.set(group, part);
    return saved.files.every((file) => output.#restore(file)) ? output : undefined;
  }

  keep({ id, text, url, metadata }: Document): void {
    const group = this.#path.group(this.#task, metadata);
    const { file } = this.#write(group, { id, text, url, metadata });
    if (file.size >= this.#fileBytes) this.#closePart(group);
  }

  remove({ document, step, drop }: RemovedDocument): void {
    const { drop: reason, ...details } = drop;
    const { id = null, text = null, url, metadata = {} } = document ?? {};
    const removed = { step, reason, ...details };
    this.#write(removedName(this.#task, step, reason), { id, text, url, metadata: { ...metadata, removed } });
  }

  /** Writes what is held, so that every file can be cut where it is now. */
  flush(): void {
    for (const { writer } of this.#open.values()) writer.flush();
    this.#buffered = 0;
  }

  /** What `resume` needs; call `flush` before. */
  save(): SavedOutput {
    const open = new Map(
      [...this.#open].map(([group, { name, writer }]) => [name, { group, state: writer.state?.() }]),
    );
    const files = [...this.#all].map(([name, file]) => ({ name, ...file.mark, ...open.get(name) }));
    return { files, parts: Object.fromEntries(this.#parts) };
  }

  /** Puts all that has been written on the disk. */
  sync(): void {
    for (const file of this.#all.values()) file.sync();
  }

  /** Ends all files. */
  finish(): void {
    for (const { writer } of this.#open.values()) writer.finish();
    this.#open.clear();
  }

  #write(group: string, document: object): OpenFile {
    const open = this.#openOf(group);
    const before = open.writer.buffered;
    open.writer.write(document);
    this.#buffered += open.writer.buffered - before;
    if (this.#buffered > BUFFERED_LIMIT) this.flush();
    return open;
  }

  #openOf(group: string): OpenFile {
    let open = this.#open.get(group);
    if (open === undefined) {
      const name = partOf(group, this.#parts.get(group) ?? 0);
      open = this.#start(group, name, TaskFile.create(this.#files.partial(this.#task, name)));
    }
    return open;
  }

  #start(group: string, name: string, file: TaskFile, state?: unknown): OpenFile {
    const open = { name, file, writer: outputFormat(name).open(file, state) };
    this.#open.set(group, open);
    this.#all.set(name, file);
    if (this.#all.size > MAXIMUM_FILES) throw tooManyFiles(this.#path.template);
    return open;
  }

  #closePart(group: string): void {
    const { writer } = this.#openOf(group);
    this.#buffered -= writer.buffered;
    writer.finish();
    this.#open.delete(group);
    this.#parts.set(group, (this.#parts.get(group) ?? 0) + 1);
  }

  #restore({ name, group, state, ...mark }: SavedFile): boolean {
    const file = TaskFile.resume(this.#files.partial(this.#task, name), mark);
    if (file === undefined) return false;
    if (group === undefined) this.#all.set(name, file);
    else this.#start(group, name, file, state);
    return true;
  }
}

function tooManyFiles(template: string): PipelineError {
  return new PipelineError(
    'TOO_MANY_FILES',
    `one task writes more than ${MAXIMUM_FILES} files as ${template}; name them by metadata with fewer values`,
  );
}
