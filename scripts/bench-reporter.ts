import type { Reporter, TestCase } from 'vitest/node';

/** Prints each row of a benchmark as a line of JSON. */
export default class BenchReporter implements Reporter {
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
      if (annotation.type === 'bench') console.log(annotation.message);
    }
  }
}
