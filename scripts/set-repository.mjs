// Writes the `repository` field that npm provenance checks, from the workflow's own environment, just before publishing.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, rooms } from './workspace.mjs';

const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env;
if (!GITHUB_SERVER_URL || !GITHUB_REPOSITORY) {
  console.error('set-repository: GITHUB_SERVER_URL and GITHUB_REPOSITORY must be set (they are, in a workflow)');
  process.exit(2);
}
for (const room of rooms()) {
  const path = join(root, room, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  manifest.repository = { type: 'git', url: `git+${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}.git`, directory: room };
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
}
