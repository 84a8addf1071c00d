import type { EvaluationReport } from './evaluate-classifier.ts';

/** A summary for people: one line a number, tables for reliability and confusion. */
export function formatSummary(summary: object): string {
  const lines = 'calibration' in summary ? evaluationLines(summary as EvaluationReport) : plainLines(summary);
  return `${lines.join('\n')}\n`;
}

function plainLines(summary: object): string[] {
  return Object.entries(summary).flatMap(([name, value]) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${name}: ${String(value)}`];
    return Object.entries(value as object).map(([reason, count]) => `${name} ${reason}: ${String(count)}`);
  });
}

function evaluationLines(report: EvaluationReport): string[] {
  const { binary, best, calibration, confusion } = report;
  const lines = [
    `${report.examples} examples`,
    `at ${binary.threshold}: F1 ${binary.f1.toFixed(3)}, precision ${binary.precision.toFixed(3)}, recall ${binary.recall.toFixed(3)}, accuracy ${binary.accuracy.toFixed(3)}`,
    `best F1 ${best.f1.toFixed(3)} at ${best.threshold.toFixed(3)}`,
  ];
  if (report.meanAbsoluteError !== undefined && report.rootMeanSquaredError !== undefined) {
    lines.push(
      `mean absolute error ${report.meanAbsoluteError.toFixed(3)}, root mean squared ${report.rootMeanSquaredError.toFixed(3)}`,
    );
  }
  lines.push(`calibration error ${calibration.error.toFixed(3)}`, 'scores         count   said   true');
  for (const { from, to, count, meanScore, meanTruth } of calibration.bins) {
    const range = `${from.toFixed(2)}–${to.toFixed(2)}`.padEnd(12);
    lines.push(
      `${range}${String(count).padStart(8)}${meanScore.toFixed(3).padStart(7)}${meanTruth.toFixed(3).padStart(7)}`,
    );
  }
  lines.push(`macro F1 ${confusion.macroF1.toFixed(3)}; rows true, columns predicted: ${confusion.labels.join(' ')}`);
  confusion.counts.forEach((row, index) =>
    lines.push(`${confusion.labels[index].padEnd(8)}${row.map((count) => String(count).padStart(7)).join('')}`),
  );
  return lines;
}
