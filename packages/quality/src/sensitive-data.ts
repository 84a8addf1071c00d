/** What can be redacted besides e-mail and IP addresses. */
export type SensitiveKind = 'phone' | 'iban' | 'api-key';

/** All of them, in the order in which they are looked for. */
export const SENSITIVE_KINDS: readonly SensitiveKind[] = ['api-key', 'iban', 'phone'];

/** Replacements that name nobody: a number reserved for fiction, the IBAN of the standard's own example, a word. */
const REPLACEMENTS: Record<SensitiveKind, string> = {
  'api-key': 'API_KEY',
  iban: 'GB82WEST12345698765432',
  phone: '+1-202-555-0100',
};

/** Tokens that providers mark by a prefix, JSON Web Tokens, and private keys in PEM. */
const API_KEY = new RegExp(
  [
    String.raw`-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY-----[A-Za-z0-9+/=\s]{1,20000}-----END (?:[A-Z]{2,10} ){0,2}PRIVATE KEY-----`,
    String.raw`(?<![A-Za-z0-9_-])(?:` +
      [
        '(?:AKIA|ASIA)[0-9A-Z]{16}',
        'gh[pousr]_[A-Za-z0-9]{36,255}',
        'github_pat_[A-Za-z0-9_]{60,255}',
        'glpat-[A-Za-z0-9_-]{20,64}',
        'AIza[0-9A-Za-z_-]{35}',
        'xox[abeprs]-[0-9A-Za-z-]{10,250}',
        '[sr]k_(?:live|test)_[0-9a-zA-Z]{24,250}',
        'sk-[A-Za-z0-9_-]{20,250}',
        'hf_[A-Za-z0-9]{34}',
        'npm_[A-Za-z0-9]{36}',
        String.raw`eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,2000}`,
      ].join('|') +
      ')(?![A-Za-z0-9_-])',
  ].join('|'),
  'g',
);

/** Characters of an IBAN by country (ISO 13616 registry). */
const IBAN_LENGTHS = new Map(
  `AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27
  GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28
  PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20`
    .split(/\s+/)
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);
const IBAN = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?![A-Za-z0-9])/g;

/** International numbers with a plus, and North American ones as they are written there. */
const PHONE = new RegExp(
  String.raw`(?<![\w+])\+[1-9]\d{0,2}(?:[ .\-/]?\(?\d{1,5}\)?){2,7}(?![\w-])` +
    String.raw`|(?<![\w(+.-])(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[.-])[2-9]\d{2}[.-]\d{4}(?![\w-])`,
  'g',
);

/** Whether the check digits are right (ISO 7064, MOD 97-10) and the length is the country's. */
export function isIban(candidate: string): boolean {
  const iban = candidate.replaceAll(' ', '');
  if (IBAN_LENGTHS.get(iban.slice(0, 2)) !== iban.length) return false;
  let remainder = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}

/** The E.164 standard allows 15 digits; fewer than 8 with a country code are no subscriber's. */
function isPhone(candidate: string): boolean {
  const digits = candidate.replace(/\D/g, '').length;
  return digits >= 8 && digits <= 15;
}

const FINDERS: Record<SensitiveKind, { pattern: RegExp; accepts: (found: string) => boolean }> = {
  'api-key': { pattern: API_KEY, accepts: () => true },
  iban: { pattern: IBAN, accepts: isIban },
  phone: { pattern: PHONE, accepts: isPhone },
};

/** The text with everything of one kind replaced, and how many there were. */
export function redactKind(text: string, kind: SensitiveKind): { text: string; count: number } {
  const { pattern, accepts } = FINDERS[kind];
  let count = 0;
  const redacted = text.replace(pattern, (found) => {
    if (!accepts(found)) return found;
    count++;
    return REPLACEMENTS[kind];
  });
  return { text: redacted, count };
}
