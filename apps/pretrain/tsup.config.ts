import { library } from '../../tsup.base.ts';

export default library([
  'src/index.ts',
  'src/cli.ts',
  'src/curate-worker.ts',
  'src/dedup-worker.ts',
  'src/finish-worker.ts',
  'src/distill-cache/worker.ts',
  'src/objectives/teacher-process.ts',
]);
