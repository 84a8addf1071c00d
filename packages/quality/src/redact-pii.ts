import { findEmailAddresses } from './email-addresses.ts';
import { isGlobalIpAddress } from './ip-address.ts';
import { checkPreset, type Preset } from './preset.ts';
import { QualityError } from './quality-error.ts';
import { redactKind, SENSITIVE_KINDS, type SensitiveKind } from './sensitive-data.ts';

/** How many of each kind were replaced so far: the position in the cycle of replacements. */
export interface PiiState {
  emails: number;
  ipAddresses: number;
}

/** What {@link redactPii} puts in, and which pattern it looks for. */
export interface RedactPiiOptions {
  /** `fineweb-2024` knows lower-case e-mail addresses only. */
  preset?: Preset;
  emailReplacements?: readonly string[];
  ipReplacements?: readonly string[];
  /** What else goes: phone numbers, IBANs with right check digits, keys of well-known services. Default none, as in FineWeb. */
  also?: readonly SensitiveKind[];
}

/** The text without personal addresses, and how many of each kind were replaced in it. */
export interface RedactedText {
  readonly text: string;
  readonly emails: number;
  readonly ipAddresses: number;
  /** How many of each other kind that was asked for. */
  readonly also?: Partial<Record<SensitiveKind, number>>;
}

/** Addresses of domains that are reserved for examples. */
const EMAILS = ['email@example.com', 'firstname.lastname@example.org'];
/** Addresses that answered no ping when the recipe was written. */
const IP_ADDRESSES = [
  '22.214.171.124',
  '126.96.36.199',
  '188.8.131.52',
  '184.108.40.206',
  '220.127.116.11',
  '18.104.22.168',
];

const IP_ADDRESS = /(?:(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.){3}(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)/g;

/**
 * Replaces e-mail addresses, then globally routable IPv4 addresses. Replacements are taken in turn, and the turn starts
 * anew with every document, so the result depends on the text alone. (datatrove's turn runs on across the documents
 * of a worker: hand the same `state` to every call to have that; it is advanced.)
 *
 * Phone numbers, IBANs and keys go when asked for (`also`); names and IPv6 addresses stay. Source: datatrove's `PIIFormatter`, the last step of FineWeb.
 *
 * @throws QualityError `INVALID_OPTION` for an unknown preset or kind, or an empty list of replacements
 */
export function redactPii(
  text: string,
  state: PiiState = { emails: 0, ipAddresses: 0 },
  {
    preset = 'fineweb-head',
    emailReplacements = EMAILS,
    ipReplacements = IP_ADDRESSES,
    also = [],
  }: RedactPiiOptions = {},
): RedactedText {
  checkPreset(preset);
  checkReplacements('emailReplacements', emailReplacements);
  checkReplacements('ipReplacements', ipReplacements);
  checkKinds(also);
  const before = { ...state };
  const withoutOthers = redactOthers(text, also);
  const withoutEmails = redactEmails(
    withoutOthers.text,
    preset,
    () => emailReplacements[state.emails++ % emailReplacements.length],
  );
  const redacted = withoutEmails.replace(IP_ADDRESS, (address) =>
    isGlobalIpAddress(address) ? ipReplacements[state.ipAddresses++ % ipReplacements.length] : address,
  );
  return {
    text: redacted,
    emails: state.emails - before.emails,
    ipAddresses: state.ipAddresses - before.ipAddresses,
    ...(also.length > 0 && { also: withoutOthers.counts }),
  };
}

/** Keys first, since they may hold what looks like a number. */
function redactOthers(text: string, also: readonly SensitiveKind[]) {
  const counts: Partial<Record<SensitiveKind, number>> = {};
  let redacted = text;
  for (const kind of SENSITIVE_KINDS.filter((known) => also.includes(known))) {
    const result = redactKind(redacted, kind);
    redacted = result.text;
    counts[kind] = result.count;
  }
  return { text: redacted, counts };
}

function checkKinds(kinds: readonly SensitiveKind[]): void {
  const unknown = kinds.find((kind) => !SENSITIVE_KINDS.includes(kind));
  if (unknown === undefined) return;
  throw new QualityError(
    'INVALID_OPTION',
    `also: expected any of ${SENSITIVE_KINDS.join(', ')}, got "${String(unknown)}"`,
  );
}

function redactEmails(text: string, preset: Preset, nextReplacement: () => string): string {
  const pieces: string[] = [];
  let end = 0;
  for (const span of findEmailAddresses(text, preset)) {
    pieces.push(text.slice(end, span.start), nextReplacement());
    end = span.end;
  }
  return pieces.join('') + text.slice(end);
}

function checkReplacements(option: string, replacements: readonly string[]): void {
  if (replacements.length > 0) return;
  throw new QualityError('INVALID_OPTION', `${option}: expected at least one replacement, got none`);
}
