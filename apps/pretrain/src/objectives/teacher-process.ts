// The process of a teacher: loads it, says what it is, and answers questions until nobody is left to ask.
import { sharedTeacher } from '@smol/distill';
import { useEngine } from '@smol/engine';
import { loadModel } from '@smol/model/node';
import * as tf from '@tensorflow/tfjs-core';
import type { Matrix, Question, Reply, TeacherSetup } from './separate-teacher.ts';

const send = (reply: Reply) => process.send?.(reply);
const toMatrix = (x: tf.Tensor2D): Matrix => ({ data: x.dataSync<'float32'>().slice(), shape: x.shape });

process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches every process of the terminal: whoever trains says when it is over.
process.on('SIGINT', () => {});
process.once('message', (setup: TeacherSetup) => void serve(setup).catch(tellError));

function tellError(error: unknown): void {
  send({ error: `the teacher's process: ${(error as Error).message}` });
}

async function serve({ folder, engine, threads }: TeacherSetup): Promise<void> {
  await useEngine(engine, { threads });
  const model = await loadModel(folder);
  const teacher = sharedTeacher(model, model.config.vocab_size);
  process.on('message', (question: Question) => void answer(question).catch(tellError));
  send({ head: toMatrix(teacher.headWeight_VE), layers: model.config.num_hidden_layers });

  async function answer({ inputs, segments, shape, layers }: Question): Promise<void> {
    const ids = (values: Int32Array) => tf.tensor2d(values, shape, 'int32');
    const batch = {
      inputs_BT: ids(inputs),
      targets_BT: ids(inputs),
      ...(segments && { segmentIds_BT: ids(segments) }),
    };
    const states = await teacher.states(batch, layers);
    send({ hidden: toMatrix(states.hidden_NE), layers: states.layers.map(toMatrix) });
    tf.dispose([...Object.values(batch), states.hidden_NE, ...states.layers]);
  }
}
