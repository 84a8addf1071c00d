import { outputExtension } from './output-formats.ts';
import { PipelineError } from './pipeline-error.ts';

/** Where kept documents go, and how large a file gets. */
export interface OutputOptions {
  /**
   * Name of a file in the output folder. `${rank}` is the number of the task and must be in it, `${part}` counts the
   * files of a task from 0; any other `${name}` is that of the document's metadata. Its end is the format.
   * Default `documents/${rank}.jsonl.gz`.
   */
  readonly path?: string;
  /** A file with this many bytes is closed, and another begun. Default: one file. */
  readonly fileBytes?: number;
}

const DEFAULT_PATH = 'documents/${rank}.jsonl.gz';
const PLACEHOLDER = /\$\{(\w+)\}/g;
const RESERVED = ['removed', 'stats', 'timings', 'completions', 'failed', 'unfinished', 'running'];
/** Longest part of a file name that comes from metadata. */
const VALUE_CHARACTERS = 80;

/** Makes the names of output files. */
export class OutputPath {
  readonly template: string;
  readonly #pattern: RegExp;

  /** @throws PipelineError INVALID_ARGUMENT */
  constructor({ path = DEFAULT_PATH, fileBytes }: OutputOptions) {
    checkTemplate(path);
    const end = path.length - outputExtension(path).length;
    const needsPart = fileBytes !== undefined && !path.includes('${part}');
    this.template = needsPart ? `${path.slice(0, end)}-\${part}${path.slice(end)}` : path;
    this.#pattern = patternOf(this.template);
  }

  /** The folder in which all these files are. */
  get folder(): string {
    return this.template.split('/')[0];
  }

  /** Whether all documents of a task go to the same files. */
  get isFixed(): boolean {
    return [...this.template.matchAll(PLACEHOLDER)].every(([, name]) => name === 'rank' || name === 'part');
  }

  /** The name without its part, and the file's name when it is put in. */
  group(task: number, metadata: Readonly<Record<string, unknown>>): string {
    return this.template.replaceAll(PLACEHOLDER, (placeholder, name: string) => {
      if (name === 'part') return placeholder;
      return name === 'rank' ? taskName(task) : fileNameOf(Object.hasOwn(metadata, name) ? metadata[name] : undefined);
    });
  }

  /** The task whose file this is; `undefined` where it is none of ours. */
  taskOf(name: string): number | undefined {
    const digits = this.#pattern.exec(name)?.groups?.rank;
    return digits === undefined ? undefined : Number(digits);
  }
}

/** The name of one file of a group. */
export function partOf(group: string, part: number): string {
  return group.replaceAll('${part}', String(part).padStart(3, '0'));
}

/** How a task is named in files. */
export function taskName(task: number): string {
  return String(task).padStart(5, '0');
}

/** A value as a part of a file's name, without anything that would lead elsewhere. */
function fileNameOf(value: unknown): string {
  const text = ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : '';
  const name = text
    .replaceAll(/[^\w.-]+/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, VALUE_CHARACTERS);
  return name === '' ? 'none' : name;
}

function patternOf(template: string): RegExp {
  let seen = false;
  const pieces = template.split(/(\$\{\w+\})/).map((piece) => {
    if (piece === '${part}') return String.raw`\d{3,}`;
    if (piece === '${rank}') return seen ? String.raw`\d{5,}` : ((seen = true), String.raw`(?<rank>\d{5,})`);
    return piece.startsWith('${') ? '[^/]+' : piece.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return new RegExp(`^${pieces.join('')}$`);
}

function checkTemplate(path: string): void {
  const parts = path.split('/');
  const problem =
    (!path.includes('${rank}') && 'must have ${rank} in it, or tasks would write to the same file') ||
    (parts.length < 2 && 'must have a folder, such as documents/') ||
    (parts.some((part) => ['', '.', '..'].includes(part)) && 'must be a plain path inside the output folder') ||
    (!/^[\w-]+$/.test(parts[0]) && 'must begin with a folder with a plain name, such as documents/') ||
    (RESERVED.includes(parts[0]) && `must not be in ${parts[0]}/, which the pipeline keeps for itself`);
  if (problem) throw new PipelineError('INVALID_ARGUMENT', `output.path ${problem}, got ${path}`);
  outputExtension(path);
}
