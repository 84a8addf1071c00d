import { loadTrained } from './load-run.ts';
import { END_OF_TEXT } from './tokenize.ts';

export interface GenerateOptions {
  maxNewTokens: number;
  temperature: number;
  topK: number;
  topP: number;
  seed: number;
  /** Receives the text as it comes. */
  onText?: (text: string) => void;
}

/** Continues a prompt with the model of a run. Returns the new text and how many tokens it took. */
export async function generate(folder: string, prompt: string, options: GenerateOptions): Promise<{ text: string; tokens: number }> {
  const { model, tokenizer } = await loadTrained(folder);
  const { onText, ...sampling } = options;
  const endOfText = tokenizer.tokenToId(END_OF_TEXT) as number;
  const promptIds = [...tokenizer.encode(prompt, { allowedSpecial: 'none' })];
  const decoder = new TextDecoder();
  const ids = await model.generate(promptIds.length > 0 ? promptIds : [endOfText], {
    ...sampling,
    stopIds: [endOfText],
    // A token may end inside a character: the decoder holds its bytes back until the rest is there.
    onToken: onText && ((id: number) => onText(decoder.decode(tokenizer.decodeBytes([id]), { stream: true }))),
  });
  onText?.(decoder.decode());
  return { text: tokenizer.decode(ids), tokens: ids.length };
}
