/**
 * - `BAD_OPTION`: an option is missing, out of range or contradicts another
 * - `BAD_PARAMETER`: a parameter cannot be trained by this optimizer (its shape, or a name that is not there)
 * - `BAD_GRADIENT`: a gradient is missing or of another shape than its parameter
 * - `BAD_STATE`: a saved state does not fit this optimizer
 */
export type OptimizerErrorCode = 'BAD_OPTION' | 'BAD_PARAMETER' | 'BAD_GRADIENT' | 'BAD_STATE';

/** What an optimizer was given cannot be used; the message names the option or the parameter and says what was expected. */
export class OptimizerError extends Error {
  override readonly name = 'OptimizerError';
  readonly code: OptimizerErrorCode;

  constructor(code: OptimizerErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
