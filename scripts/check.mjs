// npm run check: everything CI runs, in one command.
import { build, install, must } from './workspace.mjs';

await install();
await build();
await must('oxfmt', ['--check']);
await must('oxlint', ['--deny-warnings']);
await must('turbo', ['run', 'typecheck', '--output-logs=errors-only']);
await must('knip', ['--no-config-hints']);
await must(process.execPath, ['scripts/test.mjs']);
