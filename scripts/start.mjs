// npm start: installs, builds and runs the quickstart recipe. `npm start -- --help` shows what else can be passed on.
import { build, execute, install } from './workspace.mjs';

console.error('smol: installing dependencies (skipped when nothing changed) …');
await install();
console.error('smol: building packages (skipped when nothing changed) …');
await build(['@smol/pretrain']);
const parameters = process.argv.slice(2);
const command = parameters.length > 0 ? parameters : ['run', 'apps/pretrain/recipes/quickstart.yaml'];
process.exit(await execute(process.execPath, ['apps/pretrain/dist/cli.js', ...command]));
