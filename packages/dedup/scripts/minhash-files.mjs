// Our side of the stage files in scripts/oracle.py: runs the built package out of core, with the options given as JSON on
// stdin; makes an index of the run if `saveIndex` names a folder.
import { readFileSync } from 'node:fs';
import { minHashFiles, saveMinHashIndex } from '../dist/index.js';

const { saveIndex, ...options } = JSON.parse(readFileSync(0, 'utf8'));
const { counts } = await minHashFiles(options);
if (saveIndex) saveMinHashIndex(options.folder, saveIndex);
process.stdout.write(JSON.stringify(counts));
