import type { Steps, StepsModule } from './document.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';
import { checkSteps } from './step-runner.ts';

/**
 * Imports a steps module and makes its steps.
 *
 * @throws PipelineError STEPS_FAILED naming the module, INVALID_ARGUMENT for bad names of steps
 */
export async function loadSteps(moduleUrl: string, options: unknown): Promise<Steps> {
  const loaded = await attempt(
    moduleUrl,
    'cannot be imported',
    () => import(moduleUrl) as Promise<Partial<StepsModule>>,
  );
  const { createSteps } = loaded;
  if (typeof createSteps !== 'function') throw stepsError(moduleUrl, 'must export a function createSteps(options)');
  const made = await attempt(moduleUrl, 'failed in createSteps', async () => createSteps(options));
  if (typeof made?.read !== 'function' || !Array.isArray(made.steps)) {
    throw stepsError(moduleUrl, 'must give { read, steps } from createSteps');
  }
  checkSteps(made.steps);
  return made;
}

async function attempt<T>(moduleUrl: string, what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw stepsError(moduleUrl, `${what}: ${messageOf(cause)}`, cause);
  }
}

function stepsError(moduleUrl: string, what: string, cause?: unknown): PipelineError {
  return new PipelineError('STEPS_FAILED', `the steps module ${moduleUrl} ${what}`, { cause });
}
