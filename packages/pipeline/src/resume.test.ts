import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { snapshot, temporaryFolder } from './fixtures/temporary-folder.ts';
import { writeJsonl } from './jsonl-writer.ts';
import type { PipelineOptions } from './pipeline-options.ts';
import { runPipeline } from './run-pipeline.ts';

const folder = temporaryFolder();
const module = new URL('fixtures/memory-steps.mjs', import.meta.url).href;
const script = fileURLToPath(new URL('fixtures/run-and-wait.mjs', import.meta.url));
const inputs = [join(folder, 'one.jsonl'), join(folder, 'two.jsonl.gz'), join(folder, 'three.jsonl')];
let folders = 0;

beforeAll(async () => {
  for (const [index, path] of inputs.entries()) {
    const count = [240, 60, 120][index];
    const documents = Array.from({ length: count }, (_, line) => {
      const text = `text ${(line * line) % 50} of ${index} `.repeat(1 + (line % 7));
      return { id: `${index}-${line}`, text, metadata: { language: ['en', 'de', '../x'][line % 3] } };
    });
    await writeJsonl(path, documents);
  }
});

const freshFolder = () => join(folder, `run-${folders++}`);

function settings(outputFolder: string, changes: Partial<PipelineOptions> = {}, milliseconds = 0) {
  const output = { path: 'documents/${language}/${rank}.jsonl.gz', fileBytes: 300 };
  const checkpoints = { checkpointRecords: 5, checkpointSeconds: 0 };
  const options = { milliseconds };
  return {
    inputs,
    stepsModule: module,
    outputFolder,
    workers: 2,
    splitBytes: 4000,
    options,
    output,
    ...checkpoints,
    ...changes,
  };
}

/** Runs in a process of its own and kills it some time after the steps have begun; returns whether it had ended before. */
async function runAndKill(options: PipelineOptions, milliseconds: number): Promise<boolean> {
  const child = spawn(process.execPath, [script, JSON.stringify(options)]);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  const begun = new Promise((resolve) => child.stdout.once('data', resolve));
  await Promise.race([begun, ended]);
  const timer = Number.isFinite(milliseconds) ? setTimeout(() => child.kill('SIGKILL'), milliseconds) : undefined;
  const code = await ended;
  clearTimeout(timer);
  if (code === 1) throw new Error(output);
  return code === 0;
}

describe('the same bytes', () => {
  it('come of any number of workers and ranks', { tags: ['slow'] }, async () => {
    const straight = freshFolder();
    const report = await runPipeline(settings(straight, { workers: 1 }));
    expect(report).toMatchObject({ read: 420, unreadable: {} });
    expect(report.tasks.length).toBeGreaterThan(8);
    expect(report.tasks.flatMap(({ documents }) => documents)).toContain('documents/__x/00000-000.jsonl.gz');
    expect(report.steps[2].summary).toEqual({ minimum: 12, maximum: 91, sum: report.keptCharacters });
    const expected = snapshot(straight);
    for (const workers of [2, 7]) {
      const outputFolder = freshFolder();
      expect(await runPipeline(settings(outputFolder, { workers }))).toEqual(report);
      expect(snapshot(outputFolder)).toEqual(expected);
    }
    const shared = freshFolder();
    const ranks = [0, 1, 2].map((rank) => runPipeline(settings(shared, { rank, worldSize: 3, workers: 1 })));
    await Promise.all(ranks);
    expect(snapshot(shared)).toEqual(expected);
  });

  it('come of eight ranks in processes of their own that begin at once', { tags: ['slow'] }, async () => {
    const [outputFolder, straight] = [freshFolder(), freshFolder()];
    const ranks = Array.from({ length: 8 }, (_, rank) =>
      runAndKill(settings(outputFolder, { rank, worldSize: 8, workers: 1 }), Infinity),
    );
    expect(new Set(await Promise.all(ranks))).toEqual(new Set([true]));
    await runPipeline(settings(straight));
    expect(snapshot(outputFolder)).toEqual(snapshot(straight));
  });

  it('come of a run of three ranks that were killed, when one goes on alone', { tags: ['slow'] }, async () => {
    const [outputFolder, straight] = [freshFolder(), freshFolder()];
    const ranks = [0, 1, 2].map((rank) =>
      runAndKill(settings(outputFolder, { rank, worldSize: 3, workers: 1 }, 4), 50),
    );
    expect(await Promise.all(ranks)).toEqual([false, false, false]);
    await runPipeline(settings(outputFolder, {}, 4));
    await runPipeline(settings(straight, {}, 4));
    expect(snapshot(outputFolder)).toEqual(snapshot(straight));
  });

  it('come of runs that are killed at fifty random moments', { tags: ['slow'], timeout: 120_000 }, async () => {
    const wait = 4;
    const straight = freshFolder();
    await runPipeline(settings(straight, {}, wait));
    const expected = snapshot(straight);
    let seed = 1;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const kill25 = async () => {
      for (let kills = 0; kills < 25;) {
        const outputFolder = freshFolder();
        const moment = () => (kills < 25 ? random() * 150 : Infinity);
        while (!(await runAndKill(settings(outputFolder, {}, wait), moment()))) kills += 1;
        expect(snapshot(outputFolder)).toEqual(expected);
      }
    };
    await Promise.all([kill25(), kill25()]);
  });
});
