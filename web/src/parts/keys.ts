const names = new Set(['qname', 'tld', 'second_level', 'third_level', 'levels', 'public_suffix', 'registered_domain']);
const addresses = new Set(['client', 'server', 'client_prefix', 'server_prefix', 'ecs_prefix']);

/// A dimension without its argument: "levels" of "levels:2".
export const bare = (dimension: string): string => dimension.split(':')[0] ?? '';
export const isName = (dimension: string): boolean => names.has(bare(dimension));
export const isAddress = (dimension: string): boolean => addresses.has(bare(dimension));

// What has a colour of its own, the same in every chart and table, for ever.
const coloured_types = new Set([
  'A',
  'AAAA',
  'ANY',
  'CNAME',
  'DNSKEY',
  'DS',
  'HTTPS',
  'MX',
  'NS',
  'PTR',
  'SOA',
  'SRV',
  'SVCB',
  'TXT',
]);
const coloured_rcodes = new Set(['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED']);

export const typeColour = (type: string): string => `type-${coloured_types.has(type) ? type : 'other'}`;
const rcodeColour = (rcode: string): string => `rcode-${coloured_rcodes.has(rcode) ? rcode : 'other'}`;

/// The class that has the colour of a key, or "".
export function keyColour(dimension: string, key: string): string {
  if (dimension === 'qtype') return typeColour(key);
  return dimension === 'rcode' || dimension === 'header_rcode' ? rcodeColour(key) : '';
}

/// The dimension that a key most likely is of, where nobody says it; "" when it may be anything.
export function guessKind(key: string): string {
  if (key === '.' || /[^\\]\.$/.test(key)) return 'qname';
  if (/^\d{1,3}(\.\d{1,3}){3}(\/\d+)?$/.test(key)) return 'client';
  return /^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*(\/\d+)?$/i.test(key) ? 'client' : '';
}
