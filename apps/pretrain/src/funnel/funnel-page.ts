import { formatCount } from '../format.ts';
import { reportStyle } from '../report/report-style.ts';
import { short } from './draw-funnel.ts';
import { funnelStyle } from './funnel-style.ts';
import type { Funnel, FunnelReason, FunnelSample, FunnelStage } from './funnel.ts';

const escapeHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const percent = (part: number, whole: number) => `${whole === 0 ? '0.0' : ((100 * part) / whole).toFixed(1)} %`;

/** One self-contained page with the funnel and what was removed: no network, no script, no files beside it. */
export function funnelPage(funnel: Funnel): string {
  const { name, read, kept, stages, sources } = funnel;
  const cards: [string, string][] = [
    [formatCount(read), 'records read'],
    [formatCount(kept), 'documents kept'],
    [percent(kept, read), 'of what was read'],
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(name)} · funnel · smol</title>
<style>${reportStyle}${funnelStyle}</style></head>
<body><main>
<h1>${escapeHtml(name)}</h1>
<p class="lead">What each step removed, and why.</p>
<div class="cards">${cards.map(([value, label]) => `<div class="card"><b>${value}</b><span>${label}</span></div>`).join('')}</div>
<h2>Funnel</h2>
<div class="panel funnel">${stages.map((stage) => stageRow(stage, read)).join('\n')}</div>
${sources.length > 1 ? `<h2>Sources</h2>\n<div class="panel">${sourceTable(sources)}</div>` : ''}
<h2>What was removed</h2>
${stages
  .filter(({ reasons }) => reasons.length > 0)
  .map((stage) => stageSection(stage, read))
  .join('\n')}
</main></body></html>
`;
}

/** What is left is a bar in the middle, what the step took lies on both sides of it. */
function stageRow({ step, in: before, out, reasons }: FunnelStage, read: number): string {
  const width = (documents: number) => `${((100 * documents) / Math.max(1, read)).toFixed(2)}%`;
  const removed = before - out;
  const why = reasons.map(({ reason, documents }) => `${reason} ${formatCount(documents)}`).join(', ');
  const label = removed === 0 ? '' : `−${formatCount(removed)} (${percent(removed, before)})`;
  return `<div class="stage"><span class="step">${escapeHtml(step)}</span><span class="lane" title="${escapeHtml(why)}"><span class="before" style="width:${width(before)}"><span class="left" style="width:${percentOf(out, before)}"></span></span></span><span class="number">${formatCount(out)}</span><span class="lost">${label}</span></div>`;
}

const percentOf = (part: number, whole: number) => `${whole === 0 ? 0 : ((100 * part) / whole).toFixed(2)}%`;

function sourceTable(sources: Funnel['sources']): string {
  const rows = sources.map(
    ({ name, read, kept }) =>
      `<tr><td>${escapeHtml(name)}</td><td class="number">${formatCount(read)}</td><td class="number">${formatCount(kept)}</td><td class="number">${percent(kept, read)}</td></tr>`,
  );
  return `<table><tr><th></th><th class="number">read</th><th class="number">kept</th><th class="number">share</th></tr>${rows.join('')}</table>`;
}

function stageSection({ step, in: before, out, reasons }: FunnelStage, read: number): string {
  const head = `${formatCount(before - out)} of ${formatCount(before)}`;
  return `<section><h3 class="section">${escapeHtml(step)} <span class="unit">${head}</span></h3>
${reasons.map((reason) => reasonBlock(reason, read)).join('\n')}</section>`;
}

function reasonBlock({ reason, documents, samples }: FunnelReason, read: number): string {
  const summary = `<b>${escapeHtml(reason)}</b><span class="unit">${formatCount(documents)} · ${percent(documents, read)} of all</span>`;
  if (samples.length === 0) return `<div class="reason panel">${summary}</div>`;
  return `<details class="reason panel"${documents > 0 ? ' open' : ''}><summary>${summary}</summary>${samples.map(sampleBlock).join('')}</details>`;
}

function sampleBlock({ id, url, text, value, limit, message }: FunnelSample): string {
  const measured =
    value === undefined
      ? ''
      : `<code>${escapeHtml(short(value))}</code>${limit === undefined ? '' : ` <span class="unit">limit</span> <code>${escapeHtml(short(limit))}</code>`}`;
  const words = message === undefined ? '' : `<p class="unit">${escapeHtml(message)}</p>`;
  const body = text === '' ? '' : `<p class="text">${escapeHtml(text)}</p>`;
  return `<div class="sample"><div class="where"><span class="address">${escapeHtml(url ?? id)}</span><span>${measured}</span></div>${words}${body}</div>`;
}
