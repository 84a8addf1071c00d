import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { init } from '@embedpdf/pdfium';
import type { WrappedPdfiumModule } from '@embedpdf/pdfium';

/** The functions asked about every glyph and every path, called directly: the wrapper around them costs more than they do. */
export interface GlyphCalls {
  FPDFText_GetUnicode(textPage: number, index: number): number;
  FPDFText_HasUnicodeMapError(textPage: number, index: number): number;
  FPDFText_IsGenerated(textPage: number, index: number): number;
  FPDFText_GetLooseCharBox(textPage: number, index: number, rectangle: number): number;
  FPDFText_GetTextObject(textPage: number, index: number): number;
  FPDFText_GetMatrix(textPage: number, index: number, matrix: number): number;
  FPDFText_GetFontSize(textPage: number, index: number): number;
  FPDFText_GetCharOrigin(textPage: number, index: number, x: number, y: number): number;
  FPDFTextObj_GetTextRenderMode(object: number): number;
  FPDFTextObj_GetFont(object: number): number;
  FPDFPage_GetObject(page: number, index: number): number;
  FPDFFormObj_GetObject(form: number, index: number): number;
  FPDFPageObj_GetType(object: number): number;
  FPDFPageObj_GetBounds(object: number, left: number, bottom: number, right: number, top: number): number;
  FPDFPageObj_GetMatrix(object: number, matrix: number): number;
  FPDFPageObj_GetFillColor(object: number, red: number, green: number, blue: number, alpha: number): number;
  FPDFPath_GetDrawMode(path: number, fill: number, stroke: number): number;
  FPDFPath_CountSegments(path: number): number;
  FPDFPath_GetPathSegment(path: number, index: number): number;
  FPDFPathSegment_GetPoint(segment: number, x: number, y: number): number;
  FPDFPathSegment_GetType(segment: number): number;
  FPDFPathSegment_GetClose(segment: number): number;
}

const UTF_16 = new TextDecoder('utf-16le');

/** One instance of PDFium: its functions, and its memory. */
export class Pdfium {
  readonly calls: WrappedPdfiumModule;
  readonly glyphCalls: GlyphCalls;
  /** Set when PDFium trapped: its memory can't be trusted any more. */
  broken = false;

  constructor(calls: WrappedPdfiumModule) {
    this.calls = calls;
    this.glyphCalls = calls.pdfium.wasmExports as unknown as GlyphCalls;
  }

  /** PDFium's memory. Any call may move it, so it is asked for anew each time. */
  get memory(): Uint8Array {
    return this.calls.pdfium.HEAPU8;
  }

  /** Reserves bytes; 0 when there is no memory left. */
  allocate(size: number): number {
    return this.calls.pdfium.wasmExports.malloc(size);
  }

  free(pointer: number): void {
    if (!this.broken) this.calls.pdfium.wasmExports.free(pointer);
  }

  /** Runs `use` with a buffer of `size` bytes that is freed afterwards. */
  withBuffer<T>(size: number, use: (pointer: number) => T): T {
    const pointer = this.allocate(size);
    if (pointer === 0) throw new RangeError(`PDFium has no memory left for ${size} bytes`);
    try {
      return use(pointer);
    } finally {
      this.free(pointer);
    }
  }

  /** Reads UTF-16LE text of `units` code units, with or without a final NUL. */
  readUtf16(pointer: number, units: number): string {
    const text = UTF_16.decode(this.memory.subarray(pointer, pointer + units * 2));
    return text.replace(/\0+$/, '');
  }

  /** Text that PDFium writes into a buffer after having said how many bytes (UTF-16LE with NUL) it needs. */
  readString(write: (pointer: number, size: number) => number): string {
    const size = write(0, 0);
    if (size <= 2) return '';
    return this.withBuffer(size, (pointer) => {
      write(pointer, size);
      return this.readUtf16(pointer, size >> 1);
    });
  }
}

let current: Promise<Pdfium> | undefined;

/** PDFium's memory may not grow beyond this: a page that wants more ends in a trap, which ends the document. */
const MAXIMUM_MEMORY = 1024 * 1024 * 1024;
const MEMORY_PAGE = 65_536;

/** Makes growth beyond the bound fail, as if there were no more memory. */
function boundMemory(calls: WrappedPdfiumModule): void {
  const { memory } = calls.pdfium.wasmExports as unknown as { memory: WebAssembly.Memory };
  const grow = memory.grow.bind(memory);
  memory.grow = (pages: number): number => {
    if (memory.buffer.byteLength + pages * MEMORY_PAGE > MAXIMUM_MEMORY) throw new RangeError('the bound is reached');
    return grow(pages);
  };
}

async function start(): Promise<Pdfium> {
  const { resolve } = createRequire(import.meta.url);
  const wasmBinary = await readFile(resolve('@embedpdf/pdfium/pdfium.wasm'));
  const calls = await init({ wasmBinary: new Uint8Array(wasmBinary).buffer });
  boundMemory(calls);
  calls.PDFiumExt_Init();
  return new Pdfium(calls);
}

/** The instance of this thread: one is shared by all documents, and a new one made after a trap. */
export async function loadPdfium(): Promise<Pdfium> {
  current ??= start();
  const pdfium = await current;
  if (!pdfium.broken) return pdfium;
  current = undefined;
  return loadPdfium();
}
