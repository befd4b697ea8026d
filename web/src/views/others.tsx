import type { MergedView, TableView } from '../api/types.ts';
import { exact, short, shortText } from '../parts/format.ts';
import { aboutOf } from '../parts/holding.ts';
import { keyHeading } from '../parts/measure.ts';
import { plain } from '../parts/words.ts';
import { columnsIn, found, type Found, type Rates } from '../state/merged.ts';
import { look, other, otherNames, status, toggleOtherRow } from '../state/store.ts';
import { CountTable } from './count_table.tsx';
import { GridTable } from './grid_table.tsx';
import { Section } from './section.tsx';
import { Tree } from './tree.tsx';

function Empty({ came }: { came: boolean }) {
  const over = status.value?.state === 'ended' || status.value?.state === 'failed';
  return (
    <p class="empty">
      {came ? 'Nothing in this span.' : over ? 'Nothing was counted.' : 'Shows with the first window of its reducer.'}
    </p>
  );
}

function Table({ name, view }: { name: string; view: TableView }) {
  const { part } = view;
  const about = `${part === undefined ? '' : `by ${keyHeading(part)}, `}${shortText(view.total)} in ${view.span_minutes} min`;
  return (
    <Section name={name} view={view} about={about}>
      {view.rows.length ? (
        <CountTable
          of={aboutOf(view)}
          rows={view.rows}
          rest={view.rest}
          bound={view.distinct_is_bound}
          kind={view.key}
          {...(part === undefined
            ? {}
            : { part, open: look.value.rows[name] ?? '', toggle: (key: string) => toggleOtherRow(name, key) })}
        />
      ) : (
        <Empty came />
      )}
    </Section>
  );
}

// The older chain's names of rates, in the order in which one asks for them.
const rateNames: Record<string, string> = { pps: 'messages', qps: 'queries', aps: 'responses' };
const ratePlace = ({ name }: { name: string }): number => Object.keys(rateNames).indexOf(name);

function RateFigures({ figures }: Rates) {
  return (
    <div class="other-figures">
      {[...figures]
        .sort((a, b) => ratePlace(a) - ratePlace(b))
        .map(({ name, value }) => {
          const { digits, unit } = short(value);
          return (
            <div key={name} class="figure" data-figure={name} data-stated={value}>
              <div class="label">{rateNames[name] ?? plain(name)}</div>
              <div class="big" title={`${exact(value)}/s`}>
                {digits}
                <span class="unit">{unit}/s</span>
              </div>
            </div>
          );
        })}
    </div>
  );
}

function Body({ what, of }: { what: Found; of: string }) {
  if (what.kind === 'nothing') return <Empty came />;
  if (what.kind === 'rates') return <RateFigures {...what} />;
  if (what.kind === 'grid') return <GridTable grid={what} of={of} />;
  return <Tree node={what} of={of} />;
}

function Merged({ name, view }: { name: string; view: MergedView }) {
  const what = found(view);
  const columns = what.kind === 'nothing' || what.kind === 'rates' ? 0 : columnsIn(what);
  return (
    <Section
      name={name}
      view={view}
      about={`${shortText(view.packets)} messages in ${view.span_minutes} min`}
      columns={columns}
    >
      <Body what={what} of={aboutOf(view)} />
    </Section>
  );
}

function Other({ name }: { name: string }) {
  const view = other(name).value;
  if (view?.kind === 'table') return <Table name={name} view={view} />;
  if (view?.kind === 'merged') return <Merged name={name} view={view} />;
  return (
    <Section name={name} view={null} about="">
      <Empty came={false} />
    </Section>
  );
}

/// Every view that has no place of its own, by what kind it is of.
export function Others() {
  const names = otherNames.value;
  if (!names.length) return null;
  return (
    <div class="others">
      {names.map((name) => (
        <Other key={name} name={name} />
      ))}
    </div>
  );
}
