/** A JSON object whose fields are not known yet. */
export type JsonObject = Record<string, unknown>;

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A JSON value, or the type of a tagged one, short enough for a message. */
export function describe(value: unknown): string {
  return isObject(value) && typeof value.type === 'string' ? value.type : String(JSON.stringify(value)).slice(0, 60);
}
