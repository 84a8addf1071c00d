// The fuzz of src/fuzz.test.ts with many mutations, of generated files or of the small files of a folder.
// Run after a build: node scripts/fuzz.mjs [MUTATIONS] [FOLDER] [FIRST SEED]
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const [mutations = '10000', folder, first = '0'] = process.argv.slice(2);
const environment = {
  ...process.env,
  SMOL_PDF_FUZZ: mutations,
  SMOL_PDF_FUZZ_FIRST: first,
  ...(folder && { SMOL_PDF_FUZZ_FOLDER: folder }),
};
execFileSync('npx', ['vitest', 'run', '--project', 'pdf', 'fuzz'], {
  cwd: fileURLToPath(new URL('../../..', import.meta.url)),
  env: environment,
  stdio: 'inherit',
});
