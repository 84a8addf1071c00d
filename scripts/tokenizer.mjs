// npm run tokenizer -- train|encode|decode|count …: the command line of @smol/tokenizer, from the repository root.
import { build, execute, install } from './workspace.mjs';

await install();
await build(['@smol/tokenizer']);
process.exit(await execute(process.execPath, ['packages/tokenizer/dist/cli.js', ...process.argv.slice(2)]));
