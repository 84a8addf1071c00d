import type { GenerateOptions, Generation, GenerationStep } from './generate.ts';
import { StopScanner } from './stop-scanner.ts';

/** What is needed of a tokenizer. `Tokenizer` of @smol/tokenizer is one. */
export interface TextCodec {
  encode(text: string, options?: { allowedSpecial?: 'all' | 'none'; addSpecialTokens?: boolean }): ArrayLike<number>;
  decodeBytes(ids: ArrayLike<number>): Uint8Array;
}

/** What is needed of a model. `SmolLM` is one. */
export interface TextModel {
  generateSteps(
    prompts: readonly ArrayLike<number>[],
    options: GenerateOptions,
  ): AsyncGenerator<GenerationStep, Generation[]>;
}

/** Options of {@link generateText} and {@link streamText}. */
export interface TextOptions extends Omit<GenerateOptions, 'onToken'> {
  /** Text ends before the first of these. */
  stopStrings?: readonly string[];
  /** Special tokens in the prompt are encoded as themselves (default true), and those a post-processor adds are added. */
  specialTokens?: boolean;
}

/** A continuation as text. */
export interface TextGeneration extends Generation {
  /** Without the prompt and without the stop string; `ids` holds all tokens that were made. */
  text: string;
}

/** A piece of a continuation, as it becomes certain. */
export interface TextPiece {
  /** Which prompt it belongs to. */
  sequence: number;
  text: string;
}

/** Tokens of one sequence to text: characters are whole, and stop strings are never given out. */
class TextAssembler {
  readonly #codec: TextCodec;
  readonly #scanner: StopScanner;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  text = '';

  constructor(codec: TextCodec, stopStrings: readonly string[]) {
    this.#codec = codec;
    this.#scanner = new StopScanner(stopStrings);
  }

  get isStopped(): boolean {
    return this.#scanner.isStopped;
  }

  push(id: number): string {
    return this.#give(this.#scanner.push(this.#decoder.decode(this.#codec.decodeBytes([id]), { stream: true })));
  }

  end(): string {
    return this.#give(this.#scanner.push(this.#decoder.decode()) + this.#scanner.end());
  }

  #give(text: string): string {
    this.text += text;
    return text;
  }
}

/**
 * Continues prompts as text, piece by piece.
 *
 * @returns yields pieces as they become certain; in the end the whole continuations
 * @throws ModelError `INVALID_ARGUMENT` as `SmolLM.generate`; TokenizerError as the tokenizer
 */
export async function* streamText(
  model: TextModel,
  codec: TextCodec,
  prompts: readonly string[],
  options: TextOptions,
): AsyncGenerator<TextPiece, TextGeneration[]> {
  const { stopStrings = [], specialTokens = true, ...rest } = options;
  const encoding = { allowedSpecial: specialTokens ? 'all' : 'none', addSpecialTokens: specialTokens } as const;
  const ids = prompts.map((prompt) => codec.encode(prompt, encoding));
  const assemblers = prompts.map(() => new TextAssembler(codec, stopStrings));
  const steps = model.generateSteps(ids, rest);
  for (;;) {
    const next = await steps.next();
    if (next.done) {
      for (const [sequence, assembler] of assemblers.entries()) {
        const text = assembler.end();
        if (text !== '') yield { sequence, text };
      }
      return next.value.map((generation, sequence) => finish(generation, assemblers[sequence]));
    }
    const { sequence, id, stop } = next.value;
    const text = assemblers[sequence].push(id);
    if (assemblers[sequence].isStopped) stop();
    if (text !== '') yield { sequence, text };
  }
}

function finish(generation: Generation, { text, isStopped }: TextAssembler): TextGeneration {
  return { ...generation, text, finishReason: isStopped ? 'stop' : generation.finishReason };
}

/**
 * Continues prompts as text.
 *
 * @param options `onText` hears every piece as it becomes certain
 * @returns one continuation a prompt
 * @throws as {@link streamText}
 */
export async function generateText(
  model: TextModel,
  codec: TextCodec,
  prompts: readonly string[],
  options: TextOptions & { onText?: (piece: TextPiece) => void },
): Promise<TextGeneration[]> {
  const { onText, ...rest } = options;
  const pieces = streamText(model, codec, prompts, rest);
  for (;;) {
    const next = await pieces.next();
    if (next.done) return next.value;
    onText?.(next.value);
  }
}
