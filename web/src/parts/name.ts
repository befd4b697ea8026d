/// A name in presentation form, cut where an eye looks for it: the part that was registered
/// stands out, what is under it may be shortened.
export interface NameParts {
  under: string;
  registered: string;
}

/// The labels of a name in presentation form (RFC 1035 section 5.1): a dot after a backslash
/// does not separate, and `\DDD` is one octet.
export function labels(name: string): string[] {
  const found: string[] = [];
  let label = '';
  for (let i = 0; i < name.length; ++i) {
    const c = name[i] as string;
    if (c === '\\') {
      label += c + (name[++i] ?? '');
    } else if (c === '.') {
      found.push(label);
      label = '';
    } else {
      label += c;
    }
  }
  if (label) found.push(label);
  return found.filter((text) => text !== '');
}

// Second labels under which registries of countries sell names. A hint for the eye, not a
// public suffix list: nothing is counted by it.
const shared_suffixes = new Set([
  'ac', 'co', 'com', 'edu', 'gob', 'gov', 'gouv', 'govt', 'go', 'gv', 'id', 'info', 'ltd', 'me', 'mil', 'ne', 'net', 'nom', 'or',
  'org', 'plc', 'sch',
]);

function registeredLabels(parts: readonly string[]): number {
  const last = parts[parts.length - 1] ?? '';
  const second = parts[parts.length - 2] ?? '';
  if (last === 'arpa' && (second === 'in-addr' || second === 'ip6')) return 2;
  return last.length === 2 && shared_suffixes.has(second) ? 3 : 2;
}

/// The final dot is left out: only the root needs it.
export function splitName(name: string): NameParts {
  const parts = labels(name);
  if (!parts.length) return { under: '', registered: '.' };
  const count = Math.min(registeredLabels(parts), parts.length);
  const under = parts.slice(0, parts.length - count);
  return { under: under.map((label) => `${label}.`).join(''), registered: parts.slice(-count).join('.') };
}

/// A long text in two: the end of about `keep` characters stays whole when the layout cuts the
/// rest. An escape is never parted.
export function splitTail(text: string, keep: number): [string, string] {
  if (text.length <= 2 * keep) return [text, ''];
  const tokens = text.match(/\\\d{3}|\\.|[^\\]|\\$/gs) ?? [];
  let tail = '';
  while (tail.length + (tokens[tokens.length - 1] ?? '').length <= keep) tail = tokens.pop() + tail;
  return [tokens.join(''), tail];
}

const base = 36;
const t_min = 1;
const t_max = 26;

function adapt(delta: number, points: number, first: boolean): number {
  let left = first ? Math.floor(delta / 700) : delta >> 1;
  left += Math.floor(left / points);
  let k = 0;
  for (; left > ((base - t_min) * t_max) >> 1; k += base) left = Math.floor(left / (base - t_min));
  return k + Math.floor(((base - t_min + 1) * left) / (left + 38));
}

/// One label after its "xn--", decoded (RFC 3492 section 6.2), or null where it is not valid.
export function punycode(encoded: string): string | null {
  const cut = encoded.lastIndexOf('-');
  const out = cut > 0 ? [...encoded.slice(0, cut)].map((c) => c.codePointAt(0) as number) : [];
  let code = 128;
  let bias = 72;
  let at = 0;
  for (let i = cut > 0 ? cut + 1 : 0; i < encoded.length; ) {
    const before = at;
    for (let weight = 1, k = base; ; k += base) {
      const digit = Number.parseInt(encoded[i++] ?? '', 36);
      if (Number.isNaN(digit)) return null;
      // Letters are 0 to 25 there and digits 26 to 35: the other way round from parseInt.
      const value = digit < 10 ? digit + 26 : digit - 10;
      at += value * weight;
      const t = k <= bias ? t_min : Math.min(t_max, k - bias);
      if (value < t) break;
      weight *= base - t;
      if (at > 0x7fffffff || weight > 0x7fffffff) return null;
    }
    bias = adapt(at - before, out.length + 1, before === 0);
    code += Math.floor(at / (out.length + 1));
    at %= out.length + 1;
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return null;
    out.splice(at++, 0, code);
  }
  return String.fromCodePoint(...out);
}

/// The name in Unicode where it has encoded labels, else null. Only ever shown beside the
/// name as it was on the wire: letters of other scripts can look like these.
export function unicodeName(name: string): string | null {
  const parts = labels(name);
  if (!parts.some((label) => label.startsWith('xn--'))) return null;
  const shown = parts.map((label) => {
    const decoded = label.startsWith('xn--') ? punycode(label.slice(4)) : null;
    // Letters, marks, digits and hyphens only: nothing that turns the direction of the text.
    return decoded !== null && /^[\p{L}\p{M}\p{N}-]+$/u.test(decoded) ? decoded : label;
  });
  return shown.join('.') === parts.join('.') ? null : shown.join('.');
}
