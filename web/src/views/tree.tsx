import type { ComponentChildren } from 'preact';
import { exact } from '../parts/format.ts';
import { guessKind } from '../parts/keys.ts';
import { leafText, leafTitle, unitOf } from '../parts/measure.ts';
import { WireKey } from '../parts/wire_text.tsx';
import { plain } from '../parts/words.ts';
import type { Node } from '../state/merged.ts';
import { CountTable } from './count_table.tsx';
import { GridTable } from './grid_table.tsx';

// Several tables may stand under each other: none is long.
const rows_shown = 10;

interface Props {
  node: Node;
  /// How it is called, "" at the root.
  name: string;
  depth: number;
  of: string;
}

/// Keys of a script are either words of its author or come from the wire.
function Key({ text }: { text: string }) {
  return /^[A-Za-z]\w*$/.test(text) ? (
    <span title={text}>{plain(text)}</span>
  ) : (
    <WireKey kind={guessKind(text)} text={text} />
  );
}

const indent = (depth: number) => ({ '--depth': String(Math.max(0, depth - 1)) });

function Heading({ name, depth, more }: { name: string; depth: number; more?: string }) {
  if (!name) return null;
  return (
    <tr class="branch">
      <td class="c-key" colSpan={2} style={indent(depth)}>
        <Key text={name} />
        {more && <span class="soft"> {more}</span>}
      </td>
    </tr>
  );
}

function Block({ name, depth, children }: { name: string; depth: number; children: ComponentChildren }) {
  return (
    <>
      <Heading name={name} depth={depth} />
      <tr>
        <td class="block" colSpan={2} style={indent(depth)}>
          {children}
        </td>
      </tr>
    </>
  );
}

/// What a script found: keys and values, indented as they lie in each other.
function Rows({ node, name, depth, of }: Props) {
  if (node.kind === 'grid')
    return (
      <Block name={name} depth={depth}>
        <GridTable grid={node} of={`${of} ${name}`} most={rows_shown} />
      </Block>
    );
  if (node.kind === 'counts')
    return (
      <Block name={name} depth={depth}>
        <CountTable rows={node.rows.slice(0, rows_shown)} rest={restOf(node)} kind={guessKind} of={`${of} ${name}`} />
      </Block>
    );
  if (node.kind === 'leaf') {
    const unit = unitOf(name);
    return (
      <tr data-key={name}>
        <td class="c-key" style={indent(depth)}>
          <Key text={name} />
        </td>
        <td class="num" title={leafTitle(node.leaf, unit)}>
          {leafText(node.leaf, unit)}
        </td>
      </tr>
    );
  }
  return (
    <>
      <Heading name={name} depth={depth} more={node.children.length ? '' : 'none'} />
      {node.children.map(({ key, node: below }) => (
        <Rows key={key} node={below} name={key} depth={depth + 1} of={of} />
      ))}
      {node.more > 0 && (
        <tr class="rest">
          <td class="c-key" colSpan={2} style={indent(depth + 1)}>
            {exact(node.more)} more
          </td>
        </tr>
      )}
    </>
  );
}

/// What is behind the rows that are shown.
function restOf({ rows, rest }: { rows: readonly { count: number }[]; rest: { keys: number; count: number } }) {
  const hidden = rows.slice(rows_shown);
  return { keys: rest.keys + hidden.length, count: rest.count + hidden.reduce((sum, row) => sum + row.count, 0) };
}

export function Tree({ node, of }: { node: Node; of: string }) {
  return (
    <table class="tree">
      <tbody>
        <Rows node={node} name="" depth={0} of={of} />
      </tbody>
    </table>
  );
}
