import { stepNames } from './step.ts';

/** What `--help` prints. */
export const usage = `smol-pretrain: from raw web archives and PDFs to a trained, exported small language model

Usage
  smol-pretrain run RECIPE [options]      run a recipe; finished steps are skipped
  smol-pretrain curate RECIPE [FILE…]     the data part alone: WARC or PDF files to a data set, no training
  smol-pretrain funnel RUN [options]      what each step of curation removed, with samples
  smol-pretrain plan RECIPE [options]     what a run would do and need; checks all that can be checked before
  smol-pretrain distill-cache SHARD…|RUN… --teacher MODEL [options]
                                          what a teacher expects after each token, beside token shards
  smol-pretrain generate RUN [options]    continue a prompt with a trained model
  smol-pretrain inspect RUN [--json]      what a run has done and how it went
  smol-pretrain schema [curate]           JSON Schema of recipes, for editors

Options of run
  --runs DIR         folder of all runs (default: runs)
  --threads N        data workers and engine threads (default: processors, at most 8)
  --from STEP        do this step and the later ones again
  --only STEP        do this step alone
                     steps: ${stepNames.join(', ')}
  --json             progress and summary as JSON lines on stdout

Options of curate (FILEs or globs, relative to the working folder, take the place of the recipe's)
  --dump NAME        the crawl that the FILEs belong to (default: the recipe's first)
  --runs, --threads, --json as above

Options of funnel
  --html FILE        the funnel as a page, with what was removed
  --samples N        documents shown for each reason (default: 3)
  --json             the funnel as JSON

Options of plan
  --runs DIR         as above
  --html FILE        the plan as a page, with the learning rate as a picture
  --svg FILE         that picture alone
  --dry-run          exit 0 even when files, memory or disk are missing
  --json             the plan as JSON

Options of distill-cache (SHARD is a NAME.ds; RUN the folder of a run: all of its shards but the held-out one)
  --teacher MODEL    model folder, run folder, or a .gguf file (by node-llama-cpp, if it is installed)
  --output DIR       folder of the caches (default: beside each shard)
  --tokenizer DIR    tokenizer of the shards (default: that of their run); the teacher's must be the same
  --method NAME      sampled (default): unbiased; top-k: the likeliest ids
  --k N              ids kept of each token (default: 12 sampled, 50 likeliest)
  --temperature X    (default: 1)
  --window N         tokens that the teacher sees at a time (default: the run's sequence length, or 512)
  --part N           tokens that a stopped worker may lose (default: 16384)
  --workers N        processes, each with the teacher in memory (default: threads)
  --threads N        of all workers together (default: processors, at most 8)
  --engine NAME      auto, native, tensorflow, wasm, cpu;  --precision f32 or bf16 (native)
  --seed N, --json   as below

Options of generate (RUN is a run folder or an exported model folder)
  --prompt TEXT      "-" reads it from stdin
  --tokens N         at most this many new tokens (default: 100)
  --temperature X    0 always takes the likeliest token (default: 0.8)
  --top-k N          only the N likeliest tokens (default: 50; 0: all)
  --top-p X          only the likeliest tokens that make up this share (default: 0.95)
  --seed N           (default: 0)
  --speculate        the heads that were trained with the model draft, it checks: the same distribution of texts, sooner
  --json             {"prompt", "text", "tokens"}

  --help, --version

Examples
  smol-pretrain run apps/pretrain/recipes/quickstart.yaml
  smol-pretrain curate apps/pretrain/recipes/fineweb.yaml 'crawl/*.warc.gz' --dump CC-MAIN-2024-18
  smol-pretrain funnel runs/fineweb --html funnel.html
  smol-pretrain plan apps/pretrain/recipes/smollm3-3b.yaml --dry-run
  smol-pretrain run quickstart.yaml --from train --threads 4
  smol-pretrain generate runs/quickstart --prompt "My fellow Americans,"
  echo "The state of our union" | smol-pretrain generate runs/quickstart --prompt - --temperature 0
  smol-pretrain inspect runs/quickstart --json
  smol-pretrain distill-cache runs/quickstart --teacher runs/teacher --k 12
`;
