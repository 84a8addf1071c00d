// Compiles assembly/ to one WebAssembly module and embeds it, base64, in src/generated/kernels.js (git-ignored),
// so that the sources, the bundle of the published package and a web page all load it in the same way.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, 'src', 'generated', 'kernels.js');

const flags = [
  '--optimizeLevel=3',
  '--shrinkLevel=0',
  '--noAssert',
  '--converge',
  '--runtime=stub',
  '--enable=simd',
  '--enable=threads',
  '--importMemory',
  '--sharedMemory',
  '--maximumMemory=65536',
  '--use=abort=',
];

let binary;
const { error, stderr } = await asc.main(
  ['assembly/index.ts', '--baseDir', root, '--outFile', 'kernels.wasm', ...flags],
  {
    readFile: (name, base) => readFile(join(base, name), 'utf8').catch(() => null),
    writeFile: (_, contents) => {
      binary = contents;
    },
  },
);
if (error) {
  process.stderr.write(stderr.toString());
  throw error;
}
const base64 = Buffer.from(binary).toString('base64');
const code = `// Made by scripts/build-wasm.mjs from assembly/.\nexport const kernelsBase64 =\n  '${base64}';\n`;
const temporary = `${target}.${process.pid}`;
await mkdir(dirname(target), { recursive: true });
await writeFile(temporary, code);
await rename(temporary, target);
process.stdout.write(`kernels: ${binary.length} bytes of WebAssembly\n`);
