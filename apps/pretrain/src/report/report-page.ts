import { formatCount } from '../format.ts';
import { reportStyle } from './report-style.ts';

/** One curve: a value per optimizer step. */
export interface Curve {
  title: string;
  unit: string;
  values: (number | null)[];
  logarithmic?: boolean;
}

/** A row of the funnel: documents that a step dropped for a reason, or kept. */
export interface FunnelRow {
  step: string;
  reason: string;
  documents: number;
  kept: boolean;
}

/** Everything the page shows. */
export interface ReportData {
  name: string;
  headline: [value: string, label: string][];
  steps: number[];
  curves: Curve[];
  /** First step of each stage after the first, and its name. */
  stages: { step: number; name: string }[];
  funnel: FunnelRow[];
  documentsIn: number;
  comparison: [label: string, bitsPerByte: number][];
  sources: [name: string, documents: number, tokens: number, bytesPerToken: number, share: number][];
  samples: { prompt: string; text: string }[];
  config: string;
}

const escapeHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/**
 * One self-contained page: no network, no files beside it.
 *
 * @param assets source text of uPlot's script and style sheet, which are put inside
 */
export function reportPage(data: ReportData, assets: { script: string; style: string }): string {
  const { name, headline, curves, funnel, samples } = data;
  const charts = curves.map(
    ({ title, unit }, index) =>
      `<div class="panel"><h3>${escapeHtml(title)} <span class="unit">${escapeHtml(unit)}</span></h3><div class="chart" id="chart-${index}"></div></div>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(name)} · smol</title>
<style>${assets.style}\n${reportStyle}</style></head>
<body><main>
<h1>${escapeHtml(name)}</h1>
<p class="lead">A small language model, from raw pages to weights.</p>
<div class="cards">${headline.map(([value, label]) => `<div class="card"><b>${escapeHtml(value)}</b><span>${escapeHtml(label)}</span></div>`).join('')}</div>
<h2>Training</h2>
<div class="charts">${charts.join('\n')}</div>
<h2>Held-out text</h2>
<div class="panel">${comparisonTable(data.comparison)}</div>
<h2>Samples</h2>
${samples.map(({ prompt, text }) => `<blockquote><b>${escapeHtml(prompt)}</b>${escapeHtml(text)}</blockquote>`).join('\n')}
<h2>Where documents went</h2>
<div class="panel">${funnelTable(funnel, data.documentsIn)}</div>
<h2>Tokens</h2>
<div class="panel">${sourceTable(data.sources)}</div>
<h2>Recipe</h2>
<details><summary>config.resolved.yaml</summary><pre>${escapeHtml(data.config)}</pre></details>
</main>
<script>${assets.script.replaceAll('</script', '<\\/script')}</script>
<script>const data = ${scriptJson({ steps: data.steps, curves, stages: data.stages })};\n${chartScript}</script>
</body></html>
`;
}

/** JSON that can stand inside a script element. */
const scriptJson = (value: unknown) => JSON.stringify(value).replaceAll('<', '\\u003c');

function comparisonTable(rows: ReportData['comparison']): string {
  const most = Math.max(...rows.map(([, value]) => value));
  const body = rows.map(
    ([label, value], index) =>
      `<tr><td>${escapeHtml(label)}</td><td class="number">${value.toFixed(3)}</td><td style="width:55%"><div class="bar ${index === 0 ? 'kept' : 'other'}" style="width:${(100 * value) / most}%"></div></td></tr>`,
  );
  return `<table><tr><th></th><th class="number">bits per byte</th><th></th></tr>${body.join('')}</table>`;
}

function funnelTable(rows: readonly FunnelRow[], total: number): string {
  const body = rows.map(
    ({ step, reason, documents, kept }) =>
      `<tr><td>${escapeHtml(step)}</td><td>${escapeHtml(reason)}</td><td class="number">${formatCount(documents)}</td><td style="width:50%"><div class="bar${kept ? ' kept' : ''}" style="width:${(100 * documents) / Math.max(1, total)}%"></div></td></tr>`,
  );
  return `<table><tr><th>step</th><th>reason</th><th class="number">documents</th><th>of ${formatCount(total)} read</th></tr>${body.join('')}</table>`;
}

function sourceTable(rows: ReportData['sources']): string {
  const body = rows.map(
    ([name, documents, tokens, bytesPerToken, share]) =>
      `<tr><td>${escapeHtml(name)}</td><td class="number">${formatCount(documents)}</td><td class="number">${formatCount(tokens)}</td><td class="number">${bytesPerToken.toFixed(2)}</td><td class="number">${(100 * share).toFixed(1)} %</td></tr>`,
  );
  return `<table><tr><th>source</th><th class="number">documents</th><th class="number">tokens</th><th class="number">bytes a token</th><th class="number">share of training</th></tr>${body.join('')}</table>`;
}

/** Runs in the page: draws every curve with uPlot, a dashed line where a stage begins. */
const chartScript = `
const style = getComputedStyle(document.documentElement);
const color = (name) => style.getPropertyValue(name).trim();
const axis = { stroke: color('--soft'), grid: { stroke: color('--line'), width: 1 }, ticks: { stroke: color('--line'), width: 1 } };
const stageLines = (u) => {
  const c = u.ctx;
  c.save(); c.strokeStyle = color('--soft'); c.fillStyle = color('--soft'); c.textAlign = 'left'; c.setLineDash([4, 4]); c.font = 11 * devicePixelRatio + 'px system-ui';
  for (const stage of data.stages) {
    const x = Math.round(u.valToPos(stage.step, 'x', true));
    c.beginPath(); c.moveTo(x, u.bbox.top); c.lineTo(x, u.bbox.top + u.bbox.height); c.stroke();
    c.fillText(stage.name, x + 4 * devicePixelRatio, u.bbox.top + 11 * devicePixelRatio);
  }
  c.restore();
};
data.curves.forEach((curve, index) => {
  const target = document.getElementById('chart-' + index);
  const size = () => ({ width: target.clientWidth, height: 220 });
  const plot = new uPlot({
    ...size(),
    scales: { x: { time: false }, y: { distr: curve.logarithmic ? 3 : 1 } },
    axes: [axis, { ...axis, size: 64 }],
    series: [{ label: 'step' }, { label: curve.title, stroke: color('--accent'), width: 1.5, points: { show: false } }],
    cursor: { sync: { key: 'smol' } },
    hooks: { draw: [stageLines] },
  }, [data.steps, curve.values], target);
  addEventListener('resize', () => plot.setSize(size()));
});
`;
