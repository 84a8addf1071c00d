// Our side of scripts/oracle.py: reads {settings, texts} as JSON from stdin, writes what the built package makes of them.
import { readFileSync } from 'node:fs';
import { MinHasher, clusterSignatures, normalizeText } from '../dist/index.js';

const { settings, texts } = JSON.parse(readFileSync(0, 'utf8'));
const hasher = new MinHasher(settings);
const signatures = texts.map((text) => hasher.signature(text));
const { roots } = clusterSignatures(signatures, hasher.options);
const answer = {
  normalized: texts.map(normalizeText),
  signatures: signatures.map((signature) => signature && [...signature].map(String)),
  roots: [...roots],
};
process.stdout.write(JSON.stringify(answer));
