// What is known of the selected layer.

import type { Range } from '../../src/view/protocol';
import { h } from './dom';
import { sizes } from './speech';
import { count } from './text';
import type { Place } from './tree';

export interface DetailsEvents {
  open(range: Range): void;
  close(): void;
}

export function details(place: Place | null, events: DetailsEvents): DocumentFragment {
  const fragment = document.createDocumentFragment();
  if (place === null) return fragment;
  const { layer, step } = place;
  const close = h('button', { type: 'button', class: 'close', 'aria-label': 'Close', title: 'Close' }, '×');
  close.addEventListener('click', () => {
    events.close();
  });
  fragment.append(close);
  const link = (text: string, range: Range): HTMLElement => {
    const button = h('button', { type: 'button', class: 'link' }, `${text} line ${range.start.line + 1}${range.uri === undefined ? '' : ' of another cell'}`);
    button.addEventListener('click', () => { events.open(range); });
    return button;
  };
  if (layer === null) {
    fragment.append(h('h2', {}, step.label || step.kind), h('p', { class: 'quiet' }, WHAT[step.kind] ?? ''));
    if (step.span) fragment.append(h('p', { class: 'links' }, link('in', step.span)));
    return fragment;
  }
  fragment.append(
    h('h2', {}, h('span', { class: `swatch f-${layer.family}` }), layer.className, h('span', { class: 'name' }, step.label)),
  );
  if (layer.flow) fragment.append(h('p', { class: 'flow' }, layer.flow));
  const size = sizes(place);
  if (size) fragment.append(h('p', { class: 'quiet' }, size));
  if (layer.config) fragment.append(h('p', { class: 'config' }, layer.config));
  const places = h('p', { class: 'links' });
  if (layer.made) places.append(link('made on', layer.made));
  const calls = step.span ? [step.span] : layer.called;
  for (const range of calls.slice(0, 3)) places.append(link('called on', range));
  if (places.childElementCount > 0) fragment.append(places);
  for (const note of layer.notes) fragment.append(h('p', { class: 'note' }, plain(note)));
  const missing = ORIGINS[layer.origin];
  if (missing) fragment.append(h('p', { class: 'note' }, missing));
  if (layer.incomplete && layer.origin === 'call') {
    fragment.append(h('p', { class: 'note' }, 'Not all of what runs in it was seen.'));
  }
  if (place.parent?.layer?.unknown.includes(place.index)) {
    fragment.append(h('p', { class: 'note' }, 'It also takes a tensor whose origin was not seen.'));
  }
  if (layer.weights.length > 0) {
    const rows = layer.weights.map((weight) =>
      h(
        'tr',
        {},
        h('th', { scope: 'row' }, weight.name),
        h('td', {}, weight.shape),
        h('td', { class: 'quiet' }, [weight.dtype, weight.trainable ? '' : 'not trainable'].filter(Boolean).join(', ')),
      ),
    );
    fragment.append(
      h('table', { class: 'weights' }, h('caption', {}, `${count(rows.length)} weight${rows.length === 1 ? '' : 's'}`), h('tbody', {}, ...rows)),
    );
  }
  return fragment;
}

const WHAT: Record<string, string> = {
  argument: 'What the call is given.',
  result: 'What the call gives back.',
  operation: 'An operation that is no layer.',
};
const ORIGINS: Record<string, string> = {
  held: 'It holds these layers. In which order they run, and what feeds what, is not known here.',
};

/** The server's sentences have Markdown's marks around code. */
export function plain(text: string): string {
  return text.replaceAll('`', '');
}
