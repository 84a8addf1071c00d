/** What kind of thing went wrong; the message has the particulars. */
export type TokenizerErrorCode =
  | 'INVALID_ARGUMENT'
  | 'BAD_TOKENIZER_JSON'
  | 'BAD_RANK_FILE'
  | 'UNSUPPORTED_FEATURE'
  | 'UNSUPPORTED_PATTERN'
  | 'UNKNOWN_TOKEN'
  | 'UNENCODABLE_BYTE'
  | 'DISALLOWED_SPECIAL_TOKEN'
  | 'CHAT_TEMPLATE'
  | 'FILE_NOT_FOUND';

/** A tokenizer, or what was asked of it, is not what it should be. */
export class TokenizerError extends Error {
  override readonly name = 'TokenizerError';
  readonly code: TokenizerErrorCode;

  constructor(code: TokenizerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
