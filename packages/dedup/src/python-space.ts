/**
 * White space as Python's `\s` has it, and with it every recipe written in Python: JavaScript's without U+FEFF, with the
 * separators U+001C to U+001F and U+0085.
 */
// oxlint-disable-next-line no-control-regex -- these control characters are meant
export const PYTHON_SPACE = /[^\S\ufeff]|[\x1c-\x1f\x85]/g;
