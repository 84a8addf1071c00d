const utf8 = new TextEncoder();

// Protocol buffers: a field is its key (number · 8 + wire type) and its value.
const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}

function lengthDelimited(field: number, bytes: ArrayLike<number>): number[] {
  return [field * 8 + wireType.bytes, ...varint(bytes.length), ...Array.from(bytes)];
}

function double(field: number, value: number): number[] {
  return [field * 8 + wireType.fixed64, ...new Uint8Array(new Float64Array([value]).buffer)];
}

function float(field: number, value: number): number[] {
  return [field * 8 + wireType.fixed32, ...new Uint8Array(new Float32Array([value]).buffer)];
}

/** Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5 } (tensorflow/core/util/event.proto). */
function event(wallTime: number, step: number, content: number[]): Uint8Array {
  const stepField = step === 0 ? [] : [2 * 8 + wireType.varint, ...varint(step)];
  return Uint8Array.from([...double(1, wallTime), ...stepField, ...content]);
}

/** The event every file begins with. */
export function versionEvent(wallTime: number): Uint8Array {
  return event(wallTime, 0, lengthDelimited(3, utf8.encode('brain.Event:2')));
}

/**
 * An event of one or more scalars: Summary { repeated Value { string tag = 1; float simple_value = 2 } value = 1 }.
 *
 * @param wallTime seconds since 1970
 */
export function scalarEvent(wallTime: number, step: number, scalars: Readonly<Record<string, number>>): Uint8Array {
  const values = Object.entries(scalars).flatMap(([tag, value]) =>
    lengthDelimited(1, [...lengthDelimited(1, utf8.encode(tag)), ...float(2, value)]),
  );
  return event(wallTime, step, lengthDelimited(5, values));
}
