import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { getLIDModel } from 'fasttext.wasm.js';
import type { Preset } from './preset.ts';
import { QualityError } from './quality-error.ts';

/** A language by the label of the model (lid.176: Wikipedia codes, `en`, `zh`, `sr`) and its probability in 0…1. */
export interface LanguageScore {
  readonly language: string;
  readonly score: number;
}

/** Where the model comes from. */
export interface LanguageIdentifierOptions {
  /** A fastText classifier file with `__label__` labels. Default: the lid.176.ftz that fasttext.wasm.js carries. */
  modelPath?: string;
}

/** What the model reads in the place of `\n`, which ends a fastText sample: nothing in 2024, a space today. */
const NEWLINE: Record<Preset, string> = { 'fineweb-2024': '', 'fineweb-head': ' ' };

/** The part of fasttext.wasm.js that is used; its own declarations do not resolve under Node's module rules. */
interface FastTextModel {
  predict(text: string, count: number, threshold: number): Predictions;
}

/** A vector in WebAssembly memory, to be deleted after use. */
interface Predictions {
  size(): number;
  get(index: number): [probability: number, label: string];
  delete(): void;
}

const LABEL_PREFIX = '__label__';

/** Language identification by fastText's lid.176 (Joulin et al. 2016), compiled to WebAssembly. */
export class LanguageIdentifier {
  static #shared: Promise<LanguageIdentifier> | undefined;
  readonly #model: FastTextModel;

  private constructor(model: FastTextModel) {
    this.#model = model;
  }

  /**
   * Loads the model, once per thread for the one that is carried along (about 0.1 s and 10 MB).
   *
   * @throws QualityError `MODEL_NOT_FOUND` when `modelPath` names no file, `MODEL_NOT_LOADED` when it is no fastText model
   */
  static load(options: LanguageIdentifierOptions = {}): Promise<LanguageIdentifier> {
    if (options.modelPath !== undefined) return LanguageIdentifier.#read(options.modelPath);
    LanguageIdentifier.#shared ??= LanguageIdentifier.#read().catch((error: unknown) => {
      LanguageIdentifier.#shared = undefined;
      throw error;
    });
    return LanguageIdentifier.#shared;
  }

  static async #read(modelPath?: string): Promise<LanguageIdentifier> {
    if (modelPath !== undefined && !existsSync(modelPath)) {
      throw new QualityError(
        'MODEL_NOT_FOUND',
        `modelPath: expected a fastText model file (.bin or .ftz), found no file at ${resolve(modelPath)}`,
      );
    }
    try {
      const options = modelPath === undefined ? {} : { modelPath: pathToFileURL(resolve(modelPath)).href };
      const identification: { load(): Promise<FastTextModel> } = await getLIDModel(options);
      return new LanguageIdentifier(await identification.load());
    } catch (cause) {
      throw new QualityError(
        'MODEL_NOT_LOADED',
        `modelPath: ${modelPath ?? 'the lid.176.ftz of fasttext.wasm.js'} could not be read as a fastText model; check the download`,
        { cause },
      );
    }
  }

  /**
   * The most probable language of a text. Scores of fastText can pass 1 by 1e-5 and are clamped.
   *
   * @param preset how newlines are read: removed (`fineweb-2024`) or as spaces (`fineweb-head`)
   */
  identify(text: string, preset: Preset = 'fineweb-head'): LanguageScore {
    return this.rank(text, 1, preset)[0];
  }

  /** The `count` most probable languages, best first. */
  rank(text: string, count: number, preset: Preset = 'fineweb-head'): LanguageScore[] {
    // The final newline is fastText's end-of-sentence token; its Python binding appends it too.
    const predictions = this.#model.predict(`${text.replaceAll('\n', NEWLINE[preset])}\n`, count, 0);
    try {
      return Array.from({ length: predictions.size() }, (_, index) => toScore(predictions.get(index)));
    } finally {
      predictions.delete();
    }
  }
}

function toScore([probability, label]: [number, string]): LanguageScore {
  return { language: label.replace(LABEL_PREFIX, ''), score: Math.min(1, probability) };
}
