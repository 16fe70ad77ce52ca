// All layers as a table with bars; sorted by any column, walked through by the keyboard.

import { h, set } from './dom';
import { bytes, count, flops } from './text';
import { sorted } from './tree';
import type { Column, Place, Tree } from './tree';

interface Head {
  column: Column;
  title: string;
  spoken?: string;
}

const HEADS: Head[] = [
  { column: 'order', title: '#', spoken: 'Order of execution' },
  { column: 'name', title: 'Layer' },
  { column: 'output', title: 'Output' },
  { column: 'parameters', title: 'Parameters' },
  { column: 'bytes', title: 'Memory' },
  { column: 'flops', title: 'FLOPs' },
  { column: 'activationBytes', title: 'Activations' },
];
const BARS = ['parameters', 'bytes', 'flops', 'activationBytes'] as const;
type BarColumn = (typeof BARS)[number];

export interface Order {
  column: Column;
  descending: boolean;
}

export interface TableEvents {
  select(place: Place, reveal: boolean): void;
  sort(order: Order): void;
}

export class Table {
  readonly element: HTMLTableElement;
  private readonly body = h('tbody');
  private readonly heads = new Map<Column, HTMLTableCellElement>();
  private readonly rows = new Map<string, HTMLTableRowElement>();
  private places: Place[] = [];
  private current = '';

  constructor(private readonly events: TableEvents) {
    const row = h('tr');
    for (const head of HEADS) {
      const button = h('button', { type: 'button', 'aria-label': head.spoken ?? null }, head.title);
      const cell = h('th', { scope: 'col', class: `c-${head.column}` }, button);
      button.addEventListener('click', () => {
        const descending = cell.getAttribute('aria-sort') === 'ascending' || first(head.column, cell);
        this.events.sort({ column: head.column, descending });
      });
      this.heads.set(head.column, cell);
      row.append(cell);
    }
    this.element = h('table', { class: 'layers' }, h('caption', { class: 'visually-hidden' }, 'Layers'), h('thead', {}, row), this.body);
    this.body.addEventListener('click', (event) => { this.pick(event.target, true); });
    this.body.addEventListener('keydown', (event) => { this.key(event); });
  }

  show(tree: Tree, order: Order, found: Set<string> | null): void {
    const all = [...tree.walk()].filter((place) => place.parent !== null && place.layer !== null);
    const numbers = new Map(all.map((place, index) => [place.key, index]));
    this.places = sorted(
      found === null ? all : all.filter((place) => found.has(place.key)),
      order.column,
      order.descending,
    );
    const leaves = all.filter((place) => place.inside.length === 0);
    const most = new Map<BarColumn, number>(
      BARS.map((column) => [column, Math.max(1, ...leaves.map((place) => place.layer?.[column] ?? 0))]),
    );
    for (const [column, cell] of this.heads) {
      set(cell, { 'aria-sort': column === order.column ? (order.descending ? 'descending' : 'ascending') : null });
    }
    this.rows.clear();
    const nested = order.column === 'order' && found === null;
    const fragment = document.createDocumentFragment();
    for (const place of this.places) {
      const row = this.row(place, numbers.get(place.key) ?? 0, most, nested);
      this.rows.set(place.key, row);
      fragment.append(row);
    }
    this.body.replaceChildren(fragment);
    if (!this.rows.has(this.current)) this.current = this.places[0]?.key ?? '';
    this.rows.get(this.current)?.setAttribute('tabindex', '0');
  }

  mark(selected: string, here: Set<string>): void {
    for (const [key, row] of this.rows) {
      row.classList.toggle('selected', key === selected);
      row.classList.toggle('here', here.has(key));
      set(row, { 'aria-selected': null, 'aria-current': here.has(key) ? 'location' : null });
    }
    if (this.rows.has(selected)) this.rove(selected);
  }

  reveal(key: string): void {
    this.rows.get(key)?.scrollIntoView({ block: 'nearest' });
  }

  private row(place: Place, number: number, most: Map<BarColumn, number>, nested: boolean): HTMLTableRowElement {
    const { layer, step } = place;
    if (layer === null) return h('tr');
    const name = h(
      'th',
      { scope: 'row', class: `c-name depth-${nested ? Math.min(place.depth - 1, 8) : 0}` },
      h('span', { class: `swatch f-${layer.family}` }),
      h('span', { class: 'class' }, layer.className),
      h('span', { class: 'name' }, step.calls > 1 ? `${step.label} (call ${step.call} of ${step.calls})` : step.label),
    );
    const block = place.inside.length > 0;
    const cells = BARS.map((column) => {
      const value = layer[column];
      const text =
        column === 'parameters'
          ? count(value)
          : column === 'flops'
            ? value === null
              ? '?'
              : flops(value, layer.costComplete).replace(' FLOPs', '').replace('FLOPs', '')
            : bytes(value);
      const cell = h('td', { class: 'number' }, h('span', { class: 'value' }, text));
      if (value && !block) {
        const bar = h('span', { class: 'bar', 'aria-hidden': 'true' });
        bar.style.setProperty('--part', String(Math.max(0.01, value / (most.get(column) ?? 1))));
        cell.append(bar);
      }
      return cell;
    });
    return h(
      'tr',
      { 'data-key': place.key, tabindex: '-1', class: block ? 'block' : null },
      h('td', { class: 'number c-order' }, String(number + 1)),
      name,
      h('td', { class: 'c-output' }, layer.output || '?'),
      ...cells,
    );
  }

  private pick(target: EventTarget | null, reveal: boolean): void {
    const key = target instanceof Element ? target.closest('tr')?.getAttribute('data-key') : null;
    const place = this.places.find((one) => one.key === key);
    if (place !== undefined) this.events.select(place, reveal);
  }

  private rove(key: string): void {
    this.rows.get(this.current)?.setAttribute('tabindex', '-1');
    this.current = key;
    this.rows.get(key)?.setAttribute('tabindex', '0');
  }

  private key(event: KeyboardEvent): void {
    const at = this.places.findIndex((place) => place.key === this.current);
    const to: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: this.places.length - 1,
      PageDown: Math.min(at + 10, this.places.length - 1),
      PageUp: Math.max(at - 10, 0),
    };
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.pick(event.target, event.key === 'Enter');
      return;
    }
    const place = this.places[to[event.key] ?? -1];
    if (place === undefined) return;
    event.preventDefault();
    this.rove(place.key);
    this.rows.get(place.key)?.focus();
    this.events.select(place, false);
  }
}

/** Numbers are asked for from the largest down. */
function first(column: Column, cell: Element): boolean {
  return !cell.hasAttribute('aria-sort') && BARS.some((bar) => bar === column);
}
