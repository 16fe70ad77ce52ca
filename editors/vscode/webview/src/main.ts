// The page: shows one model of the document beside it, follows the cursor and each replay.

import type { FromPage, ModelAnswer, PlaceAnswer, Range, Status, ToPage } from '../../src/view/protocol';
import { details, plain } from './details';
import { byId, h } from './dom';
import { asPng, asSvg } from './export';
import { Graph, legend } from './graph';
import type { Viewport } from './graph';
import { Layouts } from './layout';
import { sizes } from './speech';
import { Table } from './table';
import type { Order } from './table';
import { plural } from './text';
import { Folding, search, Tree } from './tree';
import type { Place } from './tree';

declare function acquireVsCodeApi(): {
  postMessage(message: FromPage): void;
  getState(): unknown;
  setState(state: unknown): void;
};

type Tab = 'graph' | 'table';

/** What is kept while the panel is hidden or its window is loaded anew, for each document. */
interface Kept {
  model: string;
  folds: [string, boolean][];
  viewport: Viewport | null;
  tab: Tab;
  order: Order;
  selected: string;
}

const BREATH = 12; // milliseconds of work before the page may do something else
const FRESH: Kept = {
  model: '',
  folds: [],
  viewport: null,
  tab: 'graph',
  order: { column: 'order', descending: false },
  selected: '',
};

const vscode = acquireVsCodeApi();

class Page {
  private answer: ModelAnswer | null = null;
  private name = '';
  private tree: Tree | null = null;
  private folding = new Folding();
  private kept: Kept = FRESH;
  private here: number[] = [];
  private found: Place[] | null = null;
  private foundAt = -1;
  private round = 0; // of layouts: an older one that ends late is dropped
  private saving = 0;
  private readonly store: Record<string, Kept>;
  private readonly graph: Graph;
  private readonly table: Table;
  private readonly layouts: Layouts;
  private readonly picker = byId('picker') as HTMLSelectElement;
  private readonly query = byId('query') as HTMLInputElement;

  constructor() {
    const state = vscode.getState();
    this.store = typeof state === 'object' && state !== null ? { ...(state as Record<string, Kept>) } : {};
    this.layouts = new Layouts(measuring(), breathing());
    this.graph = new Graph(byId('graph'), {
      select: (place, reveal) => { this.select(place, reveal); },
      fold: (place) => void this.fold(place),
      moved: (viewport) => { this.keep({ viewport }); },
    });
    this.table = new Table({
      select: (place, reveal) => { this.select(place, reveal); },
      sort: (order) => {
        this.keep({ order });
        this.drawTable();
      },
    });
    byId('table').append(this.table.element);
    this.listen();
    window.addEventListener('message', (event: MessageEvent<ToPage>) => void this.take(event.data));
    vscode.postMessage({ type: 'ready' });
  }

  // -- what comes in

  private async take(message: ToPage): Promise<void> {
    if (message.type === 'model') await this.show(message.name, message.answer);
    else if (message.type === 'status') this.status(message.status);
    else if (message.type === 'here') this.point(message.here);
    else this.nothing(message.reason);
  }

  private async show(name: string, answer: ModelAnswer): Promise<void> {
    const another = this.answer?.document !== answer.document;
    this.answer = answer;
    this.name = name;
    if (another) {
      this.kept = { ...FRESH, ...this.store[answer.document] };
      this.folding = new Folding(new Map(this.kept.folds));
      this.query.value = '';
      this.here = [];
    }
    this.banner();
    const { models } = answer.view;
    this.pick();
    const model = models.find((one) => one.key === this.kept.model) ?? models[0];
    if (model === undefined) {
      this.tree = null;
      this.nothing(nothingToShow(answer));
      return;
    }
    const before = this.tree?.model.key;
    const first = another || this.tree === null || before !== model.key;
    this.tree = new Tree(answer.view, model);
    document.body.classList.remove('empty');
    await this.draw(first);
  }

  private status(status: Status): void {
    if (this.answer?.uri !== status.uri) return;
    this.answer = { ...this.answer, state: status.state, reason: status.reason, summary: status.summary };
    this.banner();
    if (this.tree === null) this.nothing(nothingToShow(this.answer));
  }

  private point(place: PlaceAnswer): void {
    if (place.uri !== this.answer?.uri || place.version !== this.answer.version) return;
    this.here = place.here;
    const { tree } = this;
    if (tree === null) return;
    const holding = this.here.filter((id) => !tree.byLayer.has(id));
    if (this.here.length > 0 && holding.length === this.here.length) {
      // It is in another model of this file: that one, then.
      const wanted = new Set(this.here);
      const other = this.answer.view.models.find(
        (model) => wanted.has(model.id) || (!model.inner && [...wanted].some((id) => new Tree(tree.view, model).byLayer.has(id))),
      );
      if (other !== undefined) {
        void this.choose(other.key);
        return;
      }
    }
    this.mark();
    const first = this.herePlaces()[0];
    if (first !== undefined && first.parent !== null) {
      if (this.kept.tab === 'graph') this.graph.reveal(first.key);
      else this.table.reveal(first.key);
    }
  }

  private nothing(reason: string): void {
    document.body.classList.add('empty');
    byId('empty').textContent = reason;
    if (this.answer === null) byId('banner').hidden = true;
  }

  // -- drawing

  private async draw(first: boolean, anchor: string | null = this.graph.anchor()): Promise<void> {
    const { tree } = this;
    if (tree === null) return;
    const round = (this.round += 1);
    this.summary(tree);
    this.search(false);
    if (this.kept.tab === 'table') this.drawTable();
    const layout = await this.layouts.of(tree, this.folding);
    if (round !== this.round) return;
    document.body.dataset.drawn = String(round);
    this.graph.show(layout, first ? null : anchor);
    if (first) {
      if (this.kept.viewport !== null) this.graph.move(this.kept.viewport);
      else this.graph.fit();
    }
    byId('legend').replaceChildren(legend(new Set([...tree.walk()].filter((place) => place.parent !== null).map((place) => place.layer?.family ?? ''))));
    this.mark();
    this.details();
  }

  private drawTable(): void {
    if (this.tree === null) return;
    this.table.show(this.tree, this.kept.order, this.foundKeys());
    this.mark();
  }

  private mark(): void {
    const here = new Set(this.herePlaces().map((place) => place.key));
    const found = this.tree === null ? null : this.foundKeys(true);
    this.graph.mark(this.kept.selected, here, found);
    this.table.mark(this.kept.selected, new Set([...here, ...this.herePlaces(false).map((place) => place.key)]));
  }

  private herePlaces(visible = true): Place[] {
    const { tree } = this;
    if (tree === null) return [];
    const places = this.here.flatMap((id) => tree.byLayer.get(id) ?? []);
    return visible ? places.map((place) => this.folding.visible(tree, place)) : places;
  }

  private foundKeys(visible = false): Set<string> | null {
    const { tree, found } = this;
    if (tree === null || found === null) return null;
    return new Set(found.map((place) => (visible ? this.folding.visible(tree, place) : place).key));
  }

  private details(): void {
    const place = this.tree?.places.get(this.kept.selected) ?? null;
    const panel = byId('details');
    panel.replaceChildren(
      details(place, {
        open: (range) => {
          this.open(range, true);
        },
        close: () => {
          this.keep({ selected: '' });
          this.mark();
          this.details();
          if (this.kept.tab === 'graph') this.graph.focus();
        },
      }),
    );
    panel.hidden = place === null;
  }

  private summary(tree: Tree): void {
    byId('class').textContent = tree.root.layer?.className ?? '';
    const layers = [...tree.walk()].filter((place) => place.parent !== null && place.layer !== null && place.inside.length === 0);
    byId('sizes').textContent = [plural(layers.length, 'layer'), sizes(tree.root)].filter(Boolean).join(' · ');
    const notes = tree.root.layer?.notes ?? [];
    const projected = tree.root.layer !== null && (tree.root.layer.projected || tree.root.layer.guessed);
    const told = byId('notes');
    told.textContent = projected ? plain(notes.slice(0, 1).join(' ')).replace(/:$/, '.') : '';
    told.hidden = told.textContent === '';
  }

  private banner(): void {
    const { answer } = this;
    const element = byId('banner');
    if (answer === null) return;
    const { view } = answer;
    const texts: (Node | string)[] = [];
    const failure = view.failures[0];
    let kind = '';
    if (answer.state === 'building') {
      kind = 'building';
      texts.push(view.origin === 'replay' ? 'Following your edit…' : 'Asking Keras…');
    } else if (view.origin === 'text' && answer.state !== 'static') {
      kind = 'text';
      texts.push(`From the text alone: no shapes. ${plain(answer.reason)}`);
    } else if (answer.state === 'failed' || answer.state === 'unavailable') {
      kind = 'failed';
      texts.push(`${view.stale ? 'Of an earlier text. ' : ''}${plain(answer.reason)}`);
    } else if (failure !== undefined) {
      kind = 'failed';
      const { span } = failure;
      const where = span ? `Failed at line ${span.start.line + 1}: ` : 'Failed: ';
      texts.push(`${where}${failure.message}`);
      if (span) {
        const button = h('button', { type: 'button', class: 'link' }, 'Show');
        button.addEventListener('click', () => { this.open(span, true); });
        texts.push(' ', button);
      }
    } else if (view.stale) {
      kind = 'failed';
      texts.push('Of an earlier text.');
    }
    element.className = `banner ${kind}`;
    element.replaceChildren(...texts);
    element.hidden = texts.length === 0;
    this.holes(view.holes);
    byId('keras').textContent = view.origin === 'replay' ? view.keras : '';
  }

  private holes(holes: ModelAnswer['view']['holes']): void {
    const element = byId('holes');
    const items = holes.map(({ reason, span }) => {
      const item = h('li', {}, `${plain(reason)} `);
      if (span) {
        const button = h('button', { type: 'button', class: 'link' }, `line ${span.start.line + 1}`);
        button.addEventListener('click', () => { this.open(span, true); });
        item.append(button);
      }
      return item;
    });
    element.replaceChildren(h('summary', {}, `${plural(holes.length, 'thing')} not known`), h('ul', {}, ...items));
    element.hidden = holes.length === 0;
  }

  private pick(): void {
    const models = this.answer?.view.models ?? [];
    const group = (label: string, inner: boolean): HTMLElement | null => {
      const options = models
        .filter((model) => model.inner === inner)
        .map((model) => h('option', { value: model.key, selected: model.key === this.kept.model }, model.key));
      return options.length > 0 ? h('optgroup', { label }, ...options) : null;
    };
    this.picker.replaceChildren(...[group('Models', false), group('Inside them', true)].filter((one) => one !== null));
    if (models.some((model) => model.key === this.kept.model)) this.picker.value = this.kept.model;
    this.picker.disabled = models.length < 2;
    byId('file').textContent = this.name;
  }

  // -- what the user does

  private async choose(key: string): Promise<void> {
    const model = this.answer?.view.models.find((one) => one.key === key);
    if (model === undefined || this.answer === null) return;
    this.keep({ model: key, viewport: null, selected: '' });
    this.picker.value = key;
    this.tree = new Tree(this.answer.view, model);
    await this.draw(true);
  }

  private select(place: Place, reveal: boolean): void {
    this.keep({ selected: place.key });
    this.mark();
    this.details();
    if (this.kept.tab === 'table') this.table.reveal(place.key);
    else this.graph.revealSoon(place.key);
    const source = place.layer?.made ?? place.step.span ?? place.layer?.called[0] ?? null;
    if (reveal && source !== null) this.open(source, false);
  }

  private open(range: Range, focus: boolean): void {
    if (this.answer === null) return;
    vscode.postMessage({ type: 'reveal', uri: range.uri ?? this.answer.uri, range, focus });
  }

  private async fold(place: Place): Promise<void> {
    if (this.tree === null) return;
    this.folding.set(place, !this.folding.isOpen(this.tree, place));
    this.keep({});
    await this.draw(false, place.key);
  }

  private async foldAll(open: boolean): Promise<void> {
    if (this.tree === null) return;
    this.folding.setAll(this.tree, open);
    this.keep({});
    await this.draw(false);
  }

  private search(jump: boolean): void {
    const { tree } = this;
    const query = this.query.value;
    this.found = tree !== null && query.trim() ? search(tree, query) : null;
    if (jump) this.foundAt = -1;
    this.tellFound();
  }

  private tellFound(): void {
    const { found, foundAt } = this;
    byId('matches').textContent =
      found === null ? '' : foundAt < 0 ? plural(found.length, 'match').replace('matchs', 'matches') : `${foundAt + 1} of ${found.length}`;
  }

  private async next(step: number): Promise<void> {
    const { found, tree } = this;
    if (found === null || tree === null || found.length === 0) return;
    this.foundAt = (this.foundAt + step + found.length) % found.length;
    this.tellFound();
    const place = found[this.foundAt];
    if (place === undefined) return;
    const hidden = this.folding.visible(tree, place) !== place;
    if (hidden) {
      this.folding.reveal(place);
      await this.draw(false);
    }
    this.select(place, false);
    if (this.kept.tab === 'graph') this.graph.reveal(place.key);
    else this.table.reveal(place.key);
  }

  private tab(tab: Tab): void {
    this.keep({ tab });
    this.showTab();
    if (tab === 'table') this.drawTable();
  }

  private showTab(): void {
    for (const name of ['graph', 'table'] as const) {
      const on = name === this.kept.tab;
      const button = byId(`tab-${name}`);
      button.setAttribute('aria-selected', String(on));
      button.setAttribute('tabindex', on ? '0' : '-1');
      byId(`panel-${name}`).hidden = !on;
    }
    document.body.dataset.tab = this.kept.tab;
  }

  private async save(kind: 'svg' | 'png'): Promise<void> {
    const { tree } = this;
    if (tree === null) return;
    const title = `${tree.model.title} (${tree.root.layer?.className ?? ''})`;
    const svg = asSvg(this.graph.drawn, title, byId('graph'));
    const data = kind === 'svg' ? svg.text : await asPng(svg);
    vscode.postMessage({ type: 'save', name: tree.model.title, kind, data });
  }

  private listen(): void {
    this.picker.addEventListener('change', () => void this.choose(this.picker.value));
    this.query.addEventListener('input', () => {
      this.search(true);
      this.mark();
      if (this.kept.tab === 'table') this.drawTable();
    });
    this.query.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') void this.next(event.shiftKey ? -1 : 1);
      else if (event.key === 'Escape') {
        this.query.value = '';
        this.query.dispatchEvent(new Event('input'));
      } else if (event.key === 'ArrowDown') this.graph.focus();
      else return;
      event.preventDefault();
    });
    const on = (id: string, act: () => unknown): void => { byId(id).addEventListener('click', () => void act()); };
    on('zoom-in', () => { this.graph.zoom(1.25); });
    on('zoom-out', () => { this.graph.zoom(0.8); });
    on('fit', () => { this.graph.fit(); });
    on('overview', () => { this.graph.overview(); });
    on('unfold', () => this.foldAll(true));
    on('fold', () => this.foldAll(false));
    on('save-svg', () => this.save('svg'));
    on('save-png', () => this.save('png'));
    for (const name of ['graph', 'table'] as const) {
      on(`tab-${name}`, () => { this.tab(name); });
      byId(`tab-${name}`).addEventListener('keydown', (event) => {
        if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
        const other: Tab = name === 'graph' ? 'table' : 'graph';
        this.tab(other);
        byId(`tab-${other}`).focus();
      });
    }
    document.addEventListener('keydown', (event) => {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
      if ((event.key === '/' && !typing) || (event.key === 'f' && (event.ctrlKey || event.metaKey))) {
        event.preventDefault();
        this.query.focus();
        this.query.select();
      }
    });
    this.showTab();
  }

  private keep(change: Partial<Kept>): void {
    this.kept = { ...this.kept, ...change, folds: [...this.folding.said] };
    if (this.answer !== null) this.store[this.answer.document] = this.kept;
    clearTimeout(this.saving);
    this.saving = window.setTimeout(() => { vscode.setState(this.store); }, 200);
    this.showTab();
  }
}

function nothingToShow(answer: ModelAnswer): string {
  if (answer.state === 'building') return 'Asking Keras…';
  if (answer.state === 'static') return 'No Keras model in this file.';
  return answer.reason ? plain(answer.reason) : 'This file makes no model.';
}

/** The width of a text in the page's own font. */
function measuring(): (text: string, bold: boolean) => number {
  const context = document.createElement('canvas').getContext('2d');
  const family = getComputedStyle(document.body).fontFamily || 'sans-serif';
  const known = new Map<string, number>();
  return (text, bold) => {
    const key = `${bold ? 'b' : 'n'}${text}`;
    let width = known.get(key);
    if (width === undefined) {
      if (context !== null) context.font = bold ? `600 12.5px ${family}` : `11px ${family}`;
      width = context?.measureText(text).width ?? text.length * 7;
      known.set(key, width);
    }
    return width;
  };
}

function breathing(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < BREATH) return;
    await new Promise((done) => setTimeout(done, 0));
    since = performance.now();
  };
}

new Page();
