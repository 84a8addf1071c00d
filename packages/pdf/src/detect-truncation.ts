/** Whether a file was cut short, and how that is known. */
export interface Truncation {
  truncated: boolean;
  /** In words; absent when nothing speaks for a cut. */
  reason?: string;
  /** The size at which crawlers cut, when the file has exactly that size. */
  crawlLimit?: number;
}

/**
 * Where Common Crawl cut responses: 500 KiB (2008 to 2012), 1 MiB (2013 to CC-MAIN-2025-08), 5 MiB (from CC-MAIN-2025-13),
 * as told by commoncrawl/cc-notebooks and the FinePDFs card.
 */
const CRAWL_LIMITS = [500 * 1024, 1024 * 1024, 5 * 1024 * 1024];
/** Readers look for the end mark in the last kilobyte; some servers append a little more. */
const TAIL = 2048;

/**
 * Tells whether a PDF was cut short, as one in four of a web crawl is: its end mark is missing, or its own words about its length
 * or its table of contents point beyond its end.
 *
 * @param bytes the file
 */
export function detectTruncation(bytes: Uint8Array): Truncation {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const reason = cutReason(buffer);
  if (!reason) return { truncated: false };
  const crawlLimit = CRAWL_LIMITS.find((limit) => limit === bytes.length);
  const size = crawlLimit && ` and it has exactly ${crawlLimit} bytes, where crawlers cut`;
  return { truncated: true, reason: `${reason}${size ?? ''}`, ...(crawlLimit && { crawlLimit }) };
}

function cutReason(bytes: Buffer): string | undefined {
  const linearized = /\/Linearized\b[^>]*\/L\s+(\d+)/.exec(bytes.toString('latin1', 0, 1024));
  const declared = Number(linearized?.[1] ?? 0);
  if (declared > bytes.length) return `it says that it has ${declared} bytes and has ${bytes.length}`;
  const end = bytes.length - trailingPadding(bytes);
  const tail = bytes.toString('latin1', Math.max(0, end - TAIL), end);
  if (!tail.includes('%%EOF')) return 'its end mark %%EOF is missing';
  const startxref = Number(/startxref\s+(\d+)\s+%%EOF\s*$/.exec(tail)?.[1] ?? 0);
  if (startxref > bytes.length) return `its table of contents should be at byte ${startxref} of ${bytes.length}`;
  return undefined;
}

/** Zeros and white space behind the end. */
function trailingPadding(bytes: Buffer): number {
  let padding = 0;
  while (padding < bytes.length && bytes[bytes.length - 1 - padding] <= 32) padding++;
  return padding;
}
