export type {
  Box,
  CaptionBlock,
  CodeBlock,
  FootnoteBlock,
  FormulaBlock,
  HeadingBlock,
  ListBlock,
  ListItem,
  ParagraphBlock,
  PdfBlock,
  Place,
  TableBlock,
  TableCell,
} from './block.ts';
export type { Character, CharacterGroup } from './character.ts';
export { extractPdf } from './extract-pdf.ts';
export type { ExtractedPage, ExtractedPdf, ExtractPdfOptions } from './extract-pdf.ts';
export { extractPages } from './extract-pages.ts';
export type { ExtractPagesOptions, StreamedPage } from './extract-pages.ts';
export { extractPdfs } from './extract-pdfs.ts';
export type { PdfOutcome } from './extract-pdfs.ts';
export { PdfPool } from './pdf-pool.ts';
export type { PdfPoolOptions } from './pdf-pool.ts';
export { finePdfs } from './finepdfs.ts';
export type { FinePdfsOptions } from './finepdfs.ts';
export type { PdfDrop, PdfItem, PdfStep } from './finepdfs-item.ts';
export type { IdentifyLanguage, LanguageGuess } from './finepdfs-language.ts';
export type { PdfRecord } from './finepdfs-reader.ts';
export { detectTruncation } from './detect-truncation.ts';
export type { Truncation } from './detect-truncation.ts';
export { openPdf } from './open-pdf.ts';
export type { OpenPdfOptions } from './open-pdf.ts';
export { PdfDocument } from './pdf-document.ts';
export type { FileState } from './pdf-document.ts';
export { PdfError } from './pdf-error.ts';
export type { PdfErrorCode } from './pdf-error.ts';
export { parsePdfDate } from './pdf-metadata.ts';
export type { PdfMetadata } from './pdf-metadata.ts';
export type { Frame, PageBox } from './frame.ts';
export type { OutlineEntry } from './read-outline.ts';
export type { GreyImage } from './render-page.ts';
export type { OcrMode, PageRoute } from './route-page.ts';
export type { ReadPagesOptions } from './read-pages.ts';
export { PdfFetcher, refetchPdf } from './refetch-pdf.ts';
export type { RefetchedPdf, RefetchOptions } from './refetch-pdf.ts';
export type { RequestLimits } from './guarded-request.ts';
export { routePages } from './route-pages.ts';
export type { RoutedPage, RoutedPdf, RoutePagesOptions } from './route-pages.ts';
export type { PageFeatures, TextFeatures } from './page-features.ts';
export type { OcrEngine, OcrLine, OcrWord } from './ocr-engine.ts';
export { TesseractEngine } from './tesseract-engine.ts';
export type { TesseractOptions } from './tesseract-engine.ts';
export type { OcrOptions } from './page-recognizer.ts';
export type { PageGlyphs } from './pdf-document.ts';
export type { PdfInput } from './read-input.ts';
export { toMarkdown } from './to-markdown.ts';
export type { MarkdownOptions } from './to-markdown.ts';
