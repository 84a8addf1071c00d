/** A JSON object as a configuration file holds it. */
export type JsonObject = Record<string, unknown>;
