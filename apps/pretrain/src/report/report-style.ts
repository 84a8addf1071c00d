/** The look of report.html: readable on paper and on screen, light and dark. */
export const reportStyle = `
:root { color-scheme: light dark; --ink: #1d2330; --soft: #667085; --line: #e3e6ec; --card: #fff; --page: #f6f7f9; --accent: #b45309; --good: #0f766e; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaf0; --soft: #98a2b3; --line: #2b3240; --card: #171c26; --page: #0f131a; --accent: #f59e0b; --good: #2dd4bf; --bad: #f97066; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 28px; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 18px; margin: 40px 0 12px; }
.lead { color: var(--soft); margin: 4px 0 24px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 12px; }
.card, .panel { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; }
.card b { display: block; font-size: 24px; font-variant-numeric: tabular-nums; letter-spacing: -0.01em; }
.card span { color: var(--soft); font-size: 13px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(440px, 1fr)); gap: 16px; }
.charts > * { min-width: 0; }
.chart { overflow: hidden; }
.panel { overflow-x: auto; }
.panel h3 { margin: 0 0 6px; font-size: 14px; font-weight: 600; }
.panel .unit { color: var(--soft); font-weight: 400; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--soft); font-weight: 500; font-size: 13px; }
td, th { padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; }
.bar { height: 14px; border-radius: 3px; background: var(--bad); min-width: 2px; }
.bar.kept { background: var(--good); }
.bar.other { background: var(--soft); opacity: 0.55; }
td .bar { margin-top: 5px; }
blockquote { margin: 0 0 12px; padding: 12px 16px; background: var(--card); border: 1px solid var(--line); border-left: 3px solid var(--accent); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
blockquote b { color: var(--accent); font-weight: 600; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; overflow: auto; font-size: 13px; }
details summary { cursor: pointer; color: var(--soft); }
.u-legend { font-size: 12px; color: var(--soft); }
@media (max-width: 560px) { .charts { grid-template-columns: 1fr; } }
`;
