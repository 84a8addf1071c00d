import type { Reporter, TestCase } from 'vitest/node';

const columns = ['bench', 'case', 'ours', 'unit', 'peer', 'peerValue', 'ratio'] as const;
const shown = (value: unknown): string =>
  value === null ? '–' : typeof value === 'number' ? String(Number(value.toPrecision(4))) : String(value);

/** Prints benchmark rows as one table, or as JSON lines. */
export default class BenchReporter implements Reporter {
  readonly #rows: Record<string, unknown>[] = [];

  onTestCaseResult(test: TestCase): void {
    if (test.result().state === 'failed') {
      console.error(
        `${test.name}: ${test
          .result()
          .errors?.map((error) => error.stack ?? error.message)
          .join('\n')}`,
      );
      process.exitCode = 1;
    }
    for (const annotation of test.annotations()) {
      if (annotation.type !== 'bench') continue;
      if (process.env.SMOL_BENCH_JSON) console.log(annotation.message);
      this.#rows.push(JSON.parse(annotation.message));
    }
  }

  onTestRunEnd(): void {
    if (process.env.SMOL_BENCH_JSON) return;
    const cells = [columns.map(String), ...this.#rows.map((row) => columns.map((column) => shown(row[column])))];
    const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index].length)));
    for (const row of cells)
      console.log(
        row
          .map((cell, index) => cell.padEnd(widths[index]))
          .join('  ')
          .trimEnd(),
      );
  }
}
