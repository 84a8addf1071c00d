/** Ranges that are not globally routable, by Python 3.11's `ipaddress.IPv4Address.is_global` (RFC 6890 and 6598). */
const NOT_GLOBAL = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/29',
  '192.0.0.170/31',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '240.0.0.0/4',
].map(parseNetwork);

function parseNetwork(network: string): { base: number; size: number } {
  const [address, bits] = network.split('/');
  return { base: toInteger(address), size: 2 ** (32 - Number(bits)) };
}

function toInteger(address: string): number {
  return address.split('.').reduce((value, octet) => value * 256 + Number(octet), 0);
}

/** Whether dotted decimals are an IPv4 address (no leading zeros) that routers on the internet forward. */
export function isGlobalIpAddress(address: string): boolean {
  const octets = address.split('.');
  if (octets.length !== 4 || !octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255)) {
    return false;
  }
  const value = toInteger(address);
  return !NOT_GLOBAL.some(({ base, size }) => value >= base && value < base + size);
}
