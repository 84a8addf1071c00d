// Packs what build-native.mjs built as the package for this platform, so that people without a compiler get it from npm.
// usage: node scripts/pack-native.mjs FOLDER        FOLDER/package.json and FOLDER/smol.node, ready for `npm publish`
//        node scripts/pack-native.mjs --depend      names the platform packages in optionalDependencies, before the engine is published
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { native } from './compile-native.mjs';

const manifestPath = join(dirname(dirname(fileURLToPath(import.meta.url))), 'package.json');
const manifest = JSON.parse(readFileSync(manifestPath, 'utf8'));

/** The platforms that the release workflow builds on. */
const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-arm64'];

const write = (path, content) => writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);

function pack(folder) {
  const { platform, arch } = process;
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(native, 'build', 'smol.node'), join(folder, 'smol.node'));
  write(join(folder, 'package.json'), {
    name: `@smol/engine-${platform}-${arch}`,
    version: manifest.version,
    description: `Compiled kernels of @smol/engine for ${platform} on ${arch}.`,
    license: manifest.license,
    repository: manifest.repository,
    main: 'smol.node',
    files: ['smol.node'],
    os: [platform],
    cpu: [arch],
    ...(platform === 'linux' ? { libc: ['glibc'] } : {}),
    publishConfig: manifest.publishConfig,
  });
}

function depend() {
  const entries = PLATFORMS.map((platform) => [`@smol/engine-${platform}`, manifest.version]);
  write(manifestPath, { ...manifest, optionalDependencies: Object.fromEntries(entries) });
}

const [target] = process.argv.slice(2);
if (target === undefined) {
  process.stderr.write('usage: node scripts/pack-native.mjs FOLDER | --depend\n');
  process.exit(2);
}
if (target === '--depend') depend();
else pack(target);
