/** What went wrong: the engine or its optional package is missing, an option makes no sense, the heap is full, or a kernel got bad input. */
export type EngineErrorCode = 'ENGINE_UNAVAILABLE' | 'BAD_OPTION' | 'OUT_OF_MEMORY' | 'BAD_INPUT' | 'KERNEL_FAILED';

/** The one error class of this package. */
export class EngineError extends Error {
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EngineError';
    this.code = code;
  }
}
