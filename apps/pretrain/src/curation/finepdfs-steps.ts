import { finePdfs } from '@smol/pdf';
import type { Document, Drop, Reader, Step, Steps } from '@smol/pipeline';
import { LanguageIdentifier, redactPii } from '@smol/quality';
import { readWarc } from '@smol/web';
import { heedDamagedRecord, type DamagePolicy } from '../damage-policy.ts';

/** What the main thread sends along. */
export interface FinePdfsStepsOptions {
  languages: readonly string[];
  languageThreshold: number;
  dump: string;
  redactPii: boolean;
  ocr: 'off' | 'auto';
  onDamage: DamagePolicy;
  preset: 'fineweb-2024' | 'fineweb-head';
}

/** FinePDFs' steps on PDF files, folders and web archives, and the languages that are wanted of what they give. */
export async function finePdfsSteps(options: FinePdfsStepsOptions): Promise<Steps> {
  const { languages, languageThreshold, dump, ocr, preset, onDamage } = options;
  const identifier = await LanguageIdentifier.load();
  const damaged: Drop[] = [];
  const { read, steps } = finePdfs({
    readWarc: (input) =>
      readWarc(input, { onDamage: (damage) => damaged.push(heedDamagedRecord(onDamage, damage)) }) as never,
    identifyLanguage: (text) => identifier.identify(text),
    ...(options.redactPii && { redactPii: (text: string) => redactPii(text, undefined, { preset }) }),
    dump,
    extract: { ocr },
  });
  return {
    read: withDamage(read as unknown as Reader, damaged),
    steps: [...(steps as unknown as Step[]), languageStep(languages, languageThreshold)],
  };
}

/** What was damaged on the way is counted among the records; a worker reads one input at a time. */
function withDamage(read: Reader, damaged: Drop[]): Reader {
  return async function* (input, context) {
    damaged.length = 0;
    for await (const item of read(input, context)) {
      yield* damaged.splice(0);
      yield item;
    }
    yield* damaged.splice(0);
  };
}

/** Which language a document is in was found by the steps before; here the wanted ones are kept. */
function languageStep(languages: readonly string[], threshold: number): Step {
  return {
    name: 'language',
    version: '1',
    process(document): Document | Drop {
      const { language, language_score: score } = document.metadata as { language: string; language_score: number };
      if (!languages.includes(language)) return { drop: 'language', value: language, limit: languages.join(', ') };
      return score > threshold ? document : { drop: 'language_score', value: score, limit: threshold };
    },
  };
}
