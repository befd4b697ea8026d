import { isAddress, isName, keyColour, typeColour } from './keys.ts';
import { splitName, splitTail, unicodeName } from './name.ts';

/// Text from the wire is only ever a text node; the program has escaped what is not printable.

/// A text whose middle is cut out by the layout where it does not fit.
function Ends({ text, keep }: { text: string; keep: number }) {
  const [start, end] = splitTail(text, keep);
  return (
    <>
      <span class="start">{start}</span>
      {end && <span class="end">{end}</span>}
    </>
  );
}

/// A domain name on one line. Where it does not fit, the part under the registered one gives
/// way first.
export function DomainName({ name }: { name: string }) {
  const { under, registered } = splitName(name);
  const readable = unicodeName(name);
  return (
    <bdi class="wire name" dir="ltr" title={readable ? `${name}\n${readable}` : name}>
      {under && <span class="under">{under}</span>}
      <span class="registered">
        <Ends text={registered} keep={10} />
      </span>
    </bdi>
  );
}

/// An address: its middle is cut out when it does not fit, for both ends tell clients apart.
export function Address({ text }: { text: string }) {
  return (
    <bdi class="wire address" dir="ltr" title={text}>
      <Ends text={text} keep={9} />
    </bdi>
  );
}

export const typeClass = (type: string): string => `type ${typeColour(type)}`;

/// A key of a dimension.
export function WireKey({ kind, text }: { kind: string; text: string }) {
  if (isName(kind)) return <DomainName name={text} />;
  if (isAddress(kind)) return <Address text={text} />;
  const colour = keyColour(kind, text);
  return (
    <bdi class={colour ? `wire type ${colour}` : 'wire'} dir="ltr" title={text}>
      <span class="start">{text}</span>
    </bdi>
  );
}
