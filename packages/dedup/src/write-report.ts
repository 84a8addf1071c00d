import { join } from 'node:path';
import { StageFile } from './stage-file.ts';

/** Writes the report that belongs to the files of a folder. */
export function writeReport(folder: string, report: object): void {
  const file = new StageFile(join(folder, 'report.json'));
  file.write(Buffer.from(`${JSON.stringify(report, null, 2)}\n`));
  file.close();
}
