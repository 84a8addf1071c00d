/** What the page of the funnel has beyond the look of the report. */
export const funnelStyle = `
h1 { overflow-wrap: anywhere; }
.funnel { display: grid; gap: 6px; }
.stage { display: grid; grid-template-columns: 150px 1fr 90px 130px; gap: 14px; align-items: center; }
.stage .step { font-weight: 500; overflow-wrap: anywhere; }
.lane { display: flex; justify-content: center; height: 26px; }
.before { display: flex; justify-content: center; background: color-mix(in srgb, var(--bad) 30%, transparent); border-radius: 4px; min-width: 2px; }
.left { background: var(--good); border-radius: 4px; min-width: 2px; }
.stage .number { text-align: right; font-variant-numeric: tabular-nums; }
.stage .lost { color: var(--bad); font-size: 13px; font-variant-numeric: tabular-nums; }
h3.section { font-size: 15px; margin: 24px 0 8px; }
.unit { color: var(--soft); font-weight: 400; font-size: 13px; }
.reason { margin-bottom: 8px; }
.reason b { font-weight: 600; margin-right: 10px; }
.reason summary { color: var(--ink); }
.sample { border-top: 1px solid var(--line); margin-top: 10px; padding-top: 10px; }
.where { display: flex; flex-wrap: wrap; gap: 4px 16px; justify-content: space-between; }
.address { font: 13px/1.5 ui-monospace, monospace; color: var(--soft); overflow-wrap: anywhere; }
.text { margin: 6px 0 0; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 9.5em; overflow: auto; font-size: 14px; }
code { font: 13px/1.4 ui-monospace, monospace; background: var(--page); border: 1px solid var(--line); border-radius: 4px; padding: 1px 5px; overflow-wrap: anywhere; }
@media (max-width: 640px) { .stage { grid-template-columns: 1fr auto; gap: 2px 10px; } .stage .lane { grid-column: 1 / -1; grid-row: 2; } .stage .lost { grid-column: 1 / -1; } .stage .lost:empty { display: none; } }
`;
