import type { ModelConfig } from '@smol/model';
import { loadTrained } from './load-run.ts';

export interface GenerateOptions {
  maxNewTokens: number;
  temperature: number;
  /** 0: all tokens. */
  topK: number;
  topP: number;
  seed: number;
  /** Receives the text as it comes. */
  onText?: (text: string) => void;
}

/** Continues a prompt with the model of a run. Returns the new text and how many tokens it took. */
export async function generate(
  folder: string,
  prompt: string,
  options: GenerateOptions,
): Promise<{ text: string; tokens: number }> {
  const { model, tokenizer } = await loadTrained(folder);
  const { onText, topK, ...sampling } = options;
  const promptIds = tokenizer.encode(prompt, { allowedSpecial: 'none' });
  const decoder = new TextDecoder();
  try {
    const ids = await model.generate([...firstIds(model.config, prompt), ...promptIds], {
      ...sampling,
      topK: topK === 0 ? undefined : topK,
      // A token may end inside a character: the decoder holds its bytes back until the rest is there.
      onToken: onText && ((id: number) => onText(decoder.decode(tokenizer.decodeBytes([id]), { stream: true }))),
    });
    onText?.(decoder.decode());
    return { text: tokenizer.decode(ids), tokens: ids.length };
  } finally {
    model.dispose();
  }
}

/** What text begins after: the token that the model was measured with; nothing in models that have none, if need be the end of another text. */
function firstIds({ bos_token_id: start, eos_token_id: end }: ModelConfig, prompt: string): number[] {
  if (start !== null) return [start];
  return prompt === '' && end !== null ? [end].flat().slice(0, 1) : [];
}
