// Builds tfjs-node 4.22 against the TensorFlow of a PyPI wheel, for machines where its own downloads do not work (its host
// refuses, or there is no libtensorflow for the platform). Needs python3 with pip, g++ (or $CXX) and the npm registry.
//
//   node scripts/build-tensorflow.mjs [WHEEL VERSION]
//
// Everything lands in the user's cache folder. The last line printed is the folder of the package, for $SMOL_TFJS_NODE.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const version = process.argv[2] ?? '2.20.0';
const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
const root = join(cache, 'smol-tensorflow', version);
const tfjsNode = join(root, 'node_modules/@tensorflow/tfjs-node');
const wheel = join(root, 'wheel');
const headers = createRequire(import.meta.url)('node-api-headers').include_dir;

/** What the addon needs of the wheel: two libraries and the C headers with what they include. */
const unpack = `
import glob, re, sys, zipfile
archive = zipfile.ZipFile(glob.glob(sys.argv[1] + "/*.whl")[0])
needed = re.compile(r"tensorflow/(libtensorflow_|include/(.*/)?(tensorflow/c|platform|tsl)/)")
wanted = [name for name in archive.namelist() if needed.match(name)]
archive.extractall(sys.argv[1], wanted)
`;

function run(command, parameters, options = {}) {
  execFileSync(command, parameters, { stdio: ['ignore', 2, 2], ...options });
}

function install() {
  mkdirSync(wheel, { recursive: true });
  writeFileSync(join(root, 'package.json'), '{ "private": true }\n');
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '@tensorflow/tfjs-node@4.22.0'], { cwd: root });
}

function fetchWheel() {
  const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', wheel];
  run('python3', [...pip, `tensorflow-cpu==${version}`]);
}

function compile() {
  const libraries = join(wheel, 'tensorflow');
  if (!existsSync(join(libraries, 'libtensorflow_cc.so.2'))) {
    throw new Error(`the wheel of tensorflow-cpu ${version} has no libtensorflow_cc.so.2; take 2.12 or newer`);
  }
  const target = join(tfjsNode, 'lib/napi-v8');
  mkdirSync(target, { recursive: true });
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(tfjsNode, 'binding', name));
  const flags = ['-O2', '-std=c++17', '-fPIC', '-shared', '-DNAPI_VERSION=8', `-I${headers}`];
  const includes = [`-I${join(libraries, 'include')}`, `-I${tfjsNode}`];
  const links = ['-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'];
  const output = ['-o', join(target, 'tfjs_binding.node'), `-L${libraries}`, ...links, `-Wl,-rpath,${libraries}`];
  run(process.env.CXX ?? 'g++', [...flags, ...includes, ...sources, ...output]);
}

/** The addon must use the same tfjs-core as the program: its registries are global, but classes are compared. */
function load() {
  const program = `require('node:util').isNullOrUndefined ??= (value) => value == null;
    const tf = require(${JSON.stringify(tfjsNode)});
    const sum = tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0];
    if (sum !== 11) throw new Error('1·3 + 2·4 came out as ' + sum);
    console.error('TensorFlow ' + tf.backend().binding.TF_Version + ' works');`;
  run(process.execPath, ['-e', program], { env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '1' } });
}

rmSync(join(root, 'complete'), { force: true });
install();
if (!readdirSync(wheel).some((name) => name.endsWith('.whl'))) fetchWheel();
run('python3', ['-c', unpack, wheel]);
compile();
load();
writeFileSync(join(root, 'complete'), '');
console.log(tfjsNode);
