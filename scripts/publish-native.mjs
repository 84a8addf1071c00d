// Publishes the platform packages of @smol/engine that the release workflow has put under native/, each once, and makes the engine
// depend on them. Without such packages it does nothing.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './workspace.mjs';

const folder = join(root, 'native');
const packages = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];

for (const path of packages) {
  const { name, version } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  const published = spawnSync('npm', ['view', `${name}@${version}`, 'version'], { encoding: 'utf8' }).stdout.trim();
  if (published !== version) execFileSync('npm', ['publish', '--access', 'public'], { cwd: path, stdio: 'inherit' });
}
if (packages.length > 0) {
  execFileSync('node', ['packages/engine/scripts/pack-native.mjs', '--depend'], { cwd: root, stdio: 'inherit' });
}
