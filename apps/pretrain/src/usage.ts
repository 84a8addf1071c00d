import { stepNames } from './step.ts';

/** What `--help` prints. */
export const usage = `smol-pretrain: from raw web archives and PDFs to a trained, exported small language model

Usage
  smol-pretrain run RECIPE [options]      run a recipe; finished steps are skipped
  smol-pretrain plan RECIPE [options]     what a run would do and need; checks all that can be checked before
  smol-pretrain generate RUN [options]    continue a prompt with a trained model
  smol-pretrain inspect RUN [--json]      what a run has done and how it went
  smol-pretrain schema                    JSON Schema of recipes, for editors

Options of run
  --runs DIR         folder of all runs (default: runs)
  --threads N        data workers and engine threads (default: processors, at most 8)
  --from STEP        do this step and the later ones again
  --only STEP        do this step alone
                     steps: ${stepNames.join(', ')}
  --json             progress and summary as JSON lines on stdout

Options of plan
  --runs DIR         as above
  --html FILE        the plan as a page, with the learning rate as a picture
  --svg FILE         that picture alone
  --dry-run          exit 0 even when files, memory or disk are missing
  --json             the plan as JSON

Options of generate (RUN is a run folder or an exported model folder)
  --prompt TEXT      "-" reads it from stdin
  --tokens N         at most this many new tokens (default: 100)
  --temperature X    0 always takes the likeliest token (default: 0.8)
  --top-k N          only the N likeliest tokens (default: 50; 0: all)
  --top-p X          only the likeliest tokens that make up this share (default: 0.95)
  --seed N           (default: 0)
  --json             {"prompt", "text", "tokens"}

  --help, --version

Examples
  smol-pretrain run apps/pretrain/recipes/quickstart.yaml
  smol-pretrain plan apps/pretrain/recipes/smollm3-3b.yaml --dry-run
  smol-pretrain run quickstart.yaml --from train --threads 4
  smol-pretrain generate runs/quickstart --prompt "My fellow Americans,"
  echo "The state of our union" | smol-pretrain generate runs/quickstart --prompt - --temperature 0
  smol-pretrain inspect runs/quickstart --json
`;
