import { tokenProbabilities, type ModelConfig, type SmolLM } from '@smol/model';
import { ParallelHeads, parallelDrafter, sequentialDrafter, speculate, type Drafter } from '@smol/mtp';
import { loadHeads } from './heads-file.ts';
import { loadTrained } from './load-run.ts';
import { PretrainError } from './pretrain-error.ts';

export interface GenerateOptions {
  maxNewTokens: number;
  temperature: number;
  /** 0: all tokens. */
  topK: number;
  topP: number;
  seed: number;
  /** Heads that were trained with the model draft, the model checks: the same text, or the same distribution of texts, sooner. */
  speculate?: boolean;
  /** Receives the text as it comes. */
  onText?: (text: string) => void;
}

/** What was written, and how well it was guessed. */
export interface GeneratedText {
  text: string;
  tokens: number;
  /** With `speculate`: passes of the model, one a token without it, and the share of the drafts that it took. */
  drafting?: { passes: number; acceptanceRate: number };
}

/**
 * Continues a prompt with the model of a run.
 *
 * @throws PretrainError `RUN_NOT_FOUND`; `HEADS_INVALID` when heads are to draft and there are none, or not this model's
 */
export async function generate(folder: string, prompt: string, options: GenerateOptions): Promise<GeneratedText> {
  const { model, tokenizer, folder: modelFolder } = await loadTrained(folder);
  const { onText, ...rest } = options;
  const promptIds = [...firstIds(model.config, prompt), ...tokenizer.encode(prompt, { allowedSpecial: 'none' })];
  const decoder = new TextDecoder();
  // A token may end inside a character: the decoder holds its bytes back until the rest is there.
  const onToken = onText && ((id: number) => onText(decoder.decode(tokenizer.decodeBytes([id]), { stream: true })));
  try {
    const write = options.speculate ? await speculator(modelFolder, model) : plainWriter(model);
    const { ids, ...drafting } = await write(promptIds, { ...rest, onToken });
    onText?.(decoder.decode());
    return { text: tokenizer.decode(ids), tokens: ids.length, ...drafting };
  } finally {
    model.dispose();
  }
}

type WriteOptions = Omit<GenerateOptions, 'onText' | 'speculate'> & { onToken?: (id: number) => void };
type Writer = (
  promptIds: number[],
  options: WriteOptions,
) => Promise<{ ids: number[]; drafting?: GeneratedText['drafting'] }>;

const plainWriter =
  (model: SmolLM): Writer =>
  async (promptIds, { topK, ...options }) => ({
    ids: await model.generate(promptIds, { ...options, topK: topK === 0 ? undefined : topK }),
  });

async function speculator(folder: string, model: SmolLM): Promise<Writer> {
  const drafter = await loadDrafter(folder, model);
  return async (promptIds, { topK, topP, temperature, ...options }) => {
    const sampling = { temperature, topP, ...(topK > 0 && { topK }) };
    const { ids, passes, acceptanceRate } = speculate(model, drafter, promptIds, {
      ...options,
      ...(temperature > 0 && { distribution: (logits_V: Float32Array) => tokenProbabilities(logits_V, sampling) }),
      stopIds: [model.config.eos_token_id ?? []].flat(),
    });
    return { ids, drafting: { passes, acceptanceRate } };
  };
}

async function loadDrafter(folder: string, model: SmolLM): Promise<Drafter> {
  const saved = await loadHeads(folder, model.config);
  if (!saved)
    throw new PretrainError(
      'HEADS_INVALID',
      `${folder} has no heads.safetensors to draft with: train with mtp in the recipe, or leave --speculate out`,
    );
  const { heads } = saved;
  if (heads instanceof ParallelHeads) return parallelDrafter(heads);
  return sequentialDrafter(heads, model.parameters.get('model.embed_tokens.weight')!);
}

/** What text begins after: the token that the model was measured with; nothing in models that have none, if need be the end of another text. */
function firstIds({ bos_token_id: start, eos_token_id: end }: ModelConfig, prompt: string): number[] {
  if (start !== null) return [start];
  return prompt === '' && end !== null ? [end].flat().slice(0, 1) : [];
}
