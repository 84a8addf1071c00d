import { PipelineError } from './pipeline-error.ts';

/**
 * Loads a package that only some readers need.
 *
 * @throws PipelineError MISSING_PACKAGE with how to install it
 */
export async function optionalPackage<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new PipelineError('MISSING_PACKAGE', `${name} is needed for this input: npm install ${name}`, { cause });
  }
}
