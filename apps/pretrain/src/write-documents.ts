import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { JsonlWriter, type Document } from '@smol/pipeline';
import { redactPii } from '@smol/quality';
import { curatedPath } from './curated-files.ts';
import { duplicateReason } from './dropped-documents.ts';
import { readFiltered, sourceOrder } from './filter-source.ts';
import type { Duplicate } from './find-duplicates.ts';
import { formatCount } from './format.ts';
import type { Recipe } from './recipe-schema.ts';
import { takeTurn, type StepContext } from './step.ts';

/** How many addresses were replaced. */
export interface Redactions {
  emails: number;
  ipAddresses: number;
}

export interface WrittenDocuments {
  /** Documents kept, by source. */
  kept: Record<string, number>;
  redacted: Redactions;
}

const TURN_EVERY = 32;

/** Writes what is left of each source, addresses replaced; and what was a duplicate, with what it repeats. */
export async function writeDocuments(
  context: StepContext,
  duplicates: ReadonlyMap<number, Duplicate>,
): Promise<WrittenDocuments> {
  const { recipe, runFolder, progress, signal } = context;
  const written: WrittenDocuments = { kept: {}, redacted: { emails: 0, ipAddresses: 0 } };
  let index = 0;
  rmSync(join(runFolder, 'documents'), { recursive: true, force: true });
  const removed = new JsonlWriter(join(runFolder, 'duplicates.jsonl.gz'));
  for (const source of sourceOrder(context)) {
    const writer = new JsonlWriter(curatedPath(runFolder, source));
    for await (const document of readFiltered(runFolder, source)) {
      if (index % TURN_EVERY === 0) {
        progress.update('curate', `writing: ${formatCount(index)} documents`);
        await takeTurn(signal);
      }
      const duplicate = duplicates.get(index++);
      if (duplicate === undefined) writer.write(redact(document, recipe.curate, written.redacted));
      else removed.write(withReason(document, duplicate, recipe.heldOut.source));
    }
    writer.close();
    written.kept[source] = writer.records;
  }
  removed.close();
  return written;
}

/** The document without e-mail and IP addresses, which are counted. */
function redact(document: Document, { redactPii: isWanted, preset }: Recipe['curate'], redacted: Redactions): Document {
  if (!isWanted) return document;
  const { text, emails, ipAddresses } = redactPii(document.text, undefined, { preset });
  redacted.emails += emails;
  redacted.ipAddresses += ipAddresses;
  return { ...document, text };
}

function withReason(document: Document, duplicate: Duplicate, heldOut: string): Document {
  const { source, duplicateOf, resemblance } = duplicate;
  const reason = {
    duplicate: duplicateReason(duplicate, heldOut),
    duplicate_of: duplicateOf,
    estimated_jaccard: resemblance?.estimatedJaccard,
  };
  return { ...document, metadata: { ...document.metadata, source, ...reason } };
}
