type Growable = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array;

/** The array itself when it has room for `length` elements, else a copy of twice the room. */
export function grown<Numbers extends Growable>(array: Numbers, length: number): Numbers {
  if (length <= array.length) return array;
  const larger = new (array.constructor as new (length: number) => Numbers)(Math.max(length, array.length * 2));
  larger.set(array);
  return larger;
}
