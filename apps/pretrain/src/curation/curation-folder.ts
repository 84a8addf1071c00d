import { join } from 'node:path';

/** Where everything of a curation is, in its run folder. */
export class CurationFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** What the recipe asked for, defaults filled in. */
  get recipe(): string {
    return join(this.path, 'curation.resolved.yaml');
  }

  /** What came of it; its being there means that the curation is finished. */
  get summary(): string {
    return join(this.path, 'curation.json');
  }

  /** The classifier learned from labelled texts, and how good it is. */
  get model(): string {
    return join(this.path, 'quality.bin');
  }

  get modelReport(): string {
    return join(this.path, 'quality.json');
  }

  /** Documents that the filters kept, and by reason those that they dropped. */
  filtered(dump: string): string {
    return join(this.path, 'filtered', dump);
  }

  /** `kept/`, `removed/` and `stages/` of MinHash. */
  dedup(dump: string): string {
    return join(this.path, 'dedup', dump);
  }

  /** The finished data set, `documents/` in it. */
  output(dump: string): string {
    return join(this.path, 'output', dump);
  }
}
