// npm test [-- vitest arguments]: installs, builds what tests need, runs every test; the last line is `N passed, N failed`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, execute, install } from './workspace.mjs';

const parameters = process.argv.slice(2);
const fast = parameters.includes('--fast');
await install();
await build();

const folder = mkdtempSync(join(tmpdir(), 'smol-test-'));
const report = join(folder, 'report.json');
const code = await execute('vitest', [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...(fast ? ['--tags-filter=!slow'] : []),
  ...parameters.filter((parameter) => parameter !== '--fast'),
]);
const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
rmSync(folder, { recursive: true });
// A file that cannot even be loaded has no tests to fail; it counts as one.
const brokenFiles = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
const failed = numFailedTests + brokenFiles;
console.log(`${numPassedTests} passed, ${failed} failed`);
process.exit(code !== 0 || failed > 0 ? 1 : 0);
