import { writeFileSync } from 'node:fs';
import { runSteps, type Steps } from '@smol/pipeline';
import { drawBar } from '../src/funnel/draw-funnel.ts';

/** Seconds that one part of the chain took. */
export interface StepTime {
  step: string;
  seconds: number;
}

/** Runs a file through the steps with a watch on each; what no step took is reading. */
export async function timeSteps(path: string, { read, steps }: Steps): Promise<StepTime[]> {
  const times = steps.map(({ name }) => ({ step: name, seconds: 0 }));
  const watched = steps.map((step, index) => ({
    ...step,
    async process(...parameters: Parameters<typeof step.process>) {
      const start = performance.now();
      const result = await step.process(...parameters);
      times[index].seconds += (performance.now() - start) / 1000;
      return result;
    },
  }));
  const start = performance.now();
  for await (const document of runSteps(read(path, { reached() {}, reportBytes() {} }), watched)) void document;
  const all = (performance.now() - start) / 1000;
  const reading = all - times.reduce((sum, { seconds }) => sum + seconds, 0);
  return [{ step: 'read', seconds: reading }, ...times];
}

const totalOf = (times: readonly StepTime[]) => times.reduce((sum, { seconds }) => sum + seconds, 0);

/** The shares as bars for a terminal. */
export function drawShares(times: readonly StepTime[], width = 50): string {
  const total = totalOf(times);
  const lines = times.map(({ step, seconds }) => {
    const share = seconds / total;
    return `${step.padEnd(18)} ${(100 * share).toFixed(1).padStart(5)} % ${drawBar(share, width)}`;
  });
  return `${lines.join('\n')}\n`;
}

const ROW = 30;
const [LABEL, BAR, NUMBER] = [150, 460, 90];

/** The same as a picture. */
export function writeSharesPicture(path: string, title: string, times: readonly StepTime[]): void {
  const total = totalOf(times);
  const longest = Math.max(...times.map(({ seconds }) => seconds));
  const height = 50 + times.length * ROW;
  const rows = times.map(({ step, seconds }, index) => {
    const y = 50 + index * ROW;
    const width = ((BAR * seconds) / longest).toFixed(1);
    return `<text x="${LABEL - 10}" y="${y + 15}" text-anchor="end">${step}</text><rect x="${LABEL}" y="${y}" width="${width}" height="20" rx="3" fill="#0f766e"/><text x="${LABEL + Number(width) + 8}" y="${y + 15}" fill="#667085">${((100 * seconds) / total).toFixed(1)} %</text>`;
  });
  writeFileSync(
    path,
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LABEL + BAR + NUMBER}" height="${height}" font-family="system-ui, sans-serif" font-size="14" fill="#1d2330"><rect width="100%" height="100%" fill="#fff"/><text x="${LABEL}" y="28" font-weight="600">${title}</text>${rows.join('')}</svg>\n`,
  );
}
