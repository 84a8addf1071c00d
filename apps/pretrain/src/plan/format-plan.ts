import type { LoadedRecipe } from '../load-recipe.ts';
import { learningRateScale, totalStepsOf } from '../make-schedule.ts';
import { drawAsSvg, drawForTerminal, escapeXml, type Curve } from './draw-schedule.ts';
import { gib, type Plan } from './make-plan.ts';
import { describeObjectives } from './plan-objectives.ts';

/** 1234 → 1.23 k, 3075098624 → 3.08 B, 11.1e12 → 11.1 T. */
export function short(count: number): string {
  const scales: [number, string][] = [
    [1e12, 'T'],
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'k'],
  ];
  const [scale, letter] = scales.find(([size]) => count >= size) ?? [1, ''];
  return `${Number((count / scale).toPrecision(3))}${letter && ` ${letter}`}`;
}

/** The learning rate of a recipe as a curve. */
export function curveOf({ recipe: { train } }: LoadedRecipe): Curve {
  let start = 0;
  const parts = train.stages.map(({ name, steps }) => {
    start += steps;
    return { name, start: start - steps };
  });
  return { steps: totalStepsOf(train), valueAt: learningRateScale(train), parts };
}

/** Lines of facts: name and value. */
function facts(plan: Plan, { recipe }: LoadedRecipe): [string, string][] {
  const {
    memory,
    disk,
    batchTokens: [first, last],
  } = plan;
  const { hardware, train } = recipe;
  const learns = describeObjectives(recipe);
  const batch = first === last ? short(first) : `${short(first)} → ${short(last)}`;
  const parts = `weights ${gib(memory.parameters)}, gradients ${gib(memory.gradients)}, ${train.optimizer} ${gib(memory.optimizer)}, activations ${gib(memory.activations)}`;
  const time: [string, string][] =
    plan.hours === undefined || !hardware
      ? []
      : [
          [
            'time',
            `${plan.hours < 48 ? `${plan.hours.toFixed(1)} hours` : `${(plan.hours / 24).toFixed(1)} days`} on ${hardware.devices} devices of ${hardware.teraflops} TFLOPS at ${Math.round(100 * hardware.utilization)} %`,
          ],
        ];
  return [
    [
      'model',
      `${plan.config.model_type}, ${short(plan.parameters)} parameters (${plan.parameters}), ${plan.config.num_hidden_layers} layers of width ${plan.config.hidden_size}, vocabulary ${plan.config.vocab_size}`,
    ],
    ...(learns === undefined ? [] : [['learns', learns] as [string, string]]),
    ['tokens', `${short(plan.tokens)} in ${plan.steps} steps of ${batch} tokens`],
    [
      'compute',
      `${plan.flops.toExponential(2)} FLOP, ${short(plan.flops / plan.tokens)}FLOP a token`.replace(
        ' FLOP a',
        'FLOP a',
      ),
    ],
    ...time,
    ['memory', `${gib(memory.total)}${hardware ? ' a device' : ''}: ${parts}`],
    ['disk', `token shards up to ${gib(disk.shards)}, checkpoints ${gib(disk.checkpoints)}`],
  ];
}

function stageLines(plan: Plan): string[] {
  return plan.stages.map(({ name, steps, sequenceLength, ropeTheta, tokens, mixture }) => {
    const largest = Object.entries(mixture).sort((a, b) => b[1] - a[1]);
    const shown = largest.slice(0, 4).map(([source, share]) => `${source} ${(100 * share).toFixed(1)} %`);
    const rest = largest.length > 4 ? `, ${largest.length - 4} more` : '';
    return `${name}: ${steps} steps × ${sequenceLength}, RoPE base ${ropeTheta}, ${short(tokens)} tokens; ${shown.join(', ')}${rest}`;
  });
}

/** What a plan says, in a screenful. */
export function formatPlan(plan: Plan, loaded: LoadedRecipe): string {
  const learningRates = Object.entries({ muon: loaded.recipe.train.muon, adamw: loaded.recipe.train.adamw })
    .filter(([name, keys]) => keys && (name === 'adamw' || loaded.recipe.train.optimizer !== 'adamw'))
    .map(([name, keys]) => `${name} ${keys!.learningRate}`);
  const lines = [
    `plan of ${plan.name}`,
    ...facts(plan, loaded).map(([name, value]) => `  ${name.padEnd(8)} ${value}`),
    '  stages',
    ...stageLines(plan).map((line) => `    ${line}`),
    `  learning rate (peak: ${learningRates.join(', ')})`,
    ...drawForTerminal(curveOf(loaded)).map((line) => `    ${line}`.trimEnd()),
    ...plan.findings.map(({ kind, message }) => `  ${kind}: ${message}`),
    plan.findings.some(({ kind }) => kind === 'problem') ? 'not ready to run' : 'ready to run',
  ];
  return `${lines.join('\n')}\n`;
}

/** A page with the same, and the schedule as a picture. */
export function planPage(plan: Plan, loaded: LoadedRecipe): string {
  const rows = facts(plan, loaded).map(([name, value]) => `<tr><th>${name}</th><td>${escapeXml(value)}</td></tr>`);
  const items = (lines: readonly string[]) => `<ul>${lines.map((line) => `<li>${escapeXml(line)}</li>`).join('')}</ul>`;
  return [
    '<!doctype html>',
    `<html lang="en"><meta charset="utf-8"><title>Plan of ${escapeXml(plan.name)}</title>`,
    '<style>body{font:15px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}th{text-align:left;padding-right:1rem;vertical-align:top}</style>',
    `<h1>Plan of ${escapeXml(plan.name)}</h1>`,
    `<table>${rows.join('')}</table>`,
    '<h2>Learning rate</h2>',
    drawAsSvg(curveOf(loaded)),
    '<h2>Stages</h2>',
    items(stageLines(plan)),
    '<h2>Findings</h2>',
    items(plan.findings.map(({ kind, message }) => `${kind}: ${message}`)),
    '</html>',
    '',
  ].join('\n');
}
