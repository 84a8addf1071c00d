// node scripts/run.mjs COMMAND [ARGUMENTS]: installs what is missing, then runs a tool of the workspace.
import { execute, install } from './workspace.mjs';

const [command, ...parameters] = process.argv.slice(2);
await install();
process.exit(await execute(command, parameters, { env: { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' } }));
