// Runs inside data workers: what is done to documents of which each is there once, before they go into the data set.
import { jsonlReader, type Step, type Steps } from '@smol/pipeline';
import { learnedQuality, QualityClassifier, redactPii } from '@smol/quality';
import { filterAsStep } from './filter-as-step.ts';

/** What the main thread sends along: plain data. */
export interface FinishOptions {
  quality?: { model: string; minimum: number; modelHash: string };
  redactPii: boolean;
  countTokens: boolean;
  preset: 'fineweb-2024' | 'fineweb-head';
}

/** Learned quality as in FineWeb-Edu, then addresses, then tokens: each step only where it is wanted. */
export async function createSteps({ quality, redactPii: redact, countTokens, preset }: FinishOptions): Promise<Steps> {
  const steps: Step[] = [];
  if (quality) {
    const classifier = QualityClassifier.load(quality.model);
    const { minimum } = quality;
    steps.push(
      filterAsStep(learnedQuality({ classifier, minimumScore: minimum, metadataKey: 'score', rounded: true })),
    );
  }
  if (redact) steps.push(redactionStep(preset));
  if (countTokens) steps.push(await tokenStep());
  return { read: jsonlReader(), steps };
}

function redactionStep(preset: FinishOptions['preset']): Step {
  return {
    name: 'pii',
    process(document, { count }) {
      const { text, emails, ipAddresses } = redactPii(document.text, undefined, { preset });
      if (emails > 0) count('emails', emails);
      if (ipAddresses > 0) count('ip_addresses', ipAddresses);
      return { ...document, text };
    },
  };
}

/** FineWeb counts GPT-2's tokens. */
async function tokenStep(): Promise<Step> {
  const { tiktokenEncoding } = await import('@smol/tokenizer/tiktoken');
  const tokenizer = tiktokenEncoding('r50k_base');
  return {
    name: 'tokens',
    process(document, { count }) {
      const tokens = tokenizer.count(document.text);
      count('tokens', tokens);
      return { ...document, metadata: { ...document.metadata, token_count: tokens } };
    },
  };
}
