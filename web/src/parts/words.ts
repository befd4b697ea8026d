import { exact } from './format.ts';

const acronyms = new Set([
  'aa',
  'ad',
  'asn',
  'cd',
  'dns',
  'ecs',
  'ede',
  'edns',
  'idn',
  'ip',
  'ipv4',
  'ipv6',
  'nsid',
  'nxdomain',
  'ptr',
  'qclass',
  'qname',
  'qtype',
  'ra',
  'rcode',
  'rd',
  'servfail',
  'tc',
  'tcp',
  'tld',
  'ttl',
  'udp',
]);

/// A name of the program's in words: "tcp_octets" is "TCP octets", "QueriesPerSecond" "queries
/// per second". What has capitals of its own keeps them.
export function plain(name: string): string {
  return name
    .replace(/([a-z0-9])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$2_')
    .split('_')
    .filter(Boolean)
    .map((word) =>
      acronyms.has(word.toLowerCase()) ? word.toUpperCase() : /^[A-Z][a-z]+$/.test(word) ? word.toLowerCase() : word,
    )
    .join(' ');
}

/// The same as a title.
export function title(name: string): string {
  const words = plain(name);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/// "1 window", "3 windows".
export const several = (count: number, one: string, many = `${one}s`): string =>
  `${exact(count)} ${count === 1 ? one : many}`;
