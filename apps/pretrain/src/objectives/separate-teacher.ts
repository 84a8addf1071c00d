import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { checkVocabulary, type ObjectiveBatch, type OnlineTeacher, type TeacherStates } from '@smol/distill';
import type { EngineName } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';

// N rows, E teacher's width, V vocabulary.

/** What the teacher's process is told first. */
export interface TeacherSetup {
  /** model folder */
  folder: string;
  engine: EngineName;
  threads: number;
}

/** A matrix as it travels. */
export interface Matrix {
  data: Float32Array;
  shape: [rows: number, columns: number];
}

/** A question: what the teacher makes of these rows. */
export interface Question {
  inputs: Int32Array;
  segments?: Int32Array;
  shape: [rows: number, length: number];
  layers: readonly number[];
}

/** What comes back: first what the teacher is, then an answer to each question, in order. */
export type Reply = { head: Matrix; layers: number } | { hidden: Matrix; layers: Matrix[] } | { error: string };

/** A teacher in a process of its own, on its own engine. */
export interface SeparateTeacher extends OnlineTeacher {
  readonly layers: number;
  close(): void;
}

/** The process's module beside this one; from the sources it is the built one. */
function modulePath(): string {
  const built = import.meta.url.endsWith('.ts') ? '../../dist/' : './';
  return fileURLToPath(new URL(`${built}objectives/teacher-process.js`, import.meta.url));
}

const toTensor = ({ data, shape }: Matrix): tf.Tensor2D => tf.tensor2d(data, shape);

/**
 * Starts a teacher in a process of its own: it may have another engine than the student, and its memory is its own.
 *
 * @param vocabularySize of the student
 * @throws DistillError `SHAPE_MISMATCH` when the teacher's is another; Error with what the process said
 */
export async function startTeacher(setup: TeacherSetup, vocabularySize: number): Promise<SeparateTeacher> {
  const child = fork(modulePath(), {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  // Whoever trains ends when it is done; the process waits for questions.
  child.unref();
  const receive = () =>
    new Promise<Reply>((resolve, reject) => {
      const onExit = () => reject(new Error('the process of the teacher has ended'));
      child.channel?.ref();
      child.once('exit', onExit);
      child.once('message', (reply: Reply) => {
        child.off('exit', onExit);
        child.channel?.unref();
        if ('error' in reply) reject(new Error(reply.error));
        else resolve(reply);
      });
    });
  child.send(setup);
  const about = (await receive()) as { head: Matrix; layers: number };
  checkVocabulary(about.head.shape[0], vocabularySize);
  const headWeight_VE = tf.keep(toTensor(about.head));
  return {
    headWeight_VE,
    layers: about.layers,
    async states(batch: ObjectiveBatch, layers: readonly number[]): Promise<TeacherStates> {
      child.send(await questionOf(batch, layers));
      const { hidden, layers: states } = (await receive()) as { hidden: Matrix; layers: Matrix[] };
      return { hidden_NE: toTensor(hidden), layers: states.map(toTensor) };
    },
    close() {
      headWeight_VE.dispose();
      child.disconnect();
    },
  };
}

async function questionOf({ inputs_BT, segmentIds_BT }: ObjectiveBatch, layers: readonly number[]): Promise<Question> {
  const inputs = (await inputs_BT.data()) as Int32Array;
  const segments = (await segmentIds_BT?.data()) as Int32Array | undefined;
  return { inputs, ...(segments && { segments }), shape: inputs_BT.shape, layers };
}
