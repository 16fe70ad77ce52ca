// The drawing: panned, zoomed and walked through. Only what is in sight is in the document.

import { h, s, set } from './dom';
import { drawBox, drawLine } from './drawing';
import type { Box, Layout, Line } from './layout';
import { described } from './speech';
import type { Place } from './tree';

export interface Viewport {
  x: number; // of the drawing, at the left edge of the screen
  y: number;
  scale: number;
}

export interface GraphEvents {
  select(place: Place, reveal: boolean): void;
  fold(place: Place): void;
  moved(viewport: Viewport): void;
}

const MARGIN = 300;
const SMALLEST = 0.01;
const LARGEST = 3;
const READABLE = 0.75;

export class Graph {
  readonly element: SVGSVGElement;
  private readonly lines = s('g', { 'aria-hidden': 'true' });
  private readonly boxes = s('g', { role: 'presentation' });
  private readonly stage = s('g', { role: 'presentation' }, this.lines, this.boxes);
  private layout: Layout = { width: 0, height: 0, boxes: [], lines: [] };
  private readonly index = new Map<string, Box>();
  private order: Box[] = [];
  private readonly shownBoxes = new Map<string, { box: Box; element: SVGGElement }>();
  private readonly shownLines = new Map<string, { line: Line; element: SVGGElement }>();
  private view: Viewport = { x: 0, y: 0, scale: 1 };
  private current = ''; // key of the place that has the focus, or would
  private selected = '';
  private here = new Set<string>();
  private found: Set<string> | null = null;
  private frame = 0;
  private size = { width: 0, height: 0 };

  constructor(
    private readonly holder: HTMLElement,
    private readonly events: GraphEvents,
  ) {
    this.element = s('svg', { role: 'tree', 'aria-label': 'Layers in order of execution', class: 'graph' }, this.stage);
    holder.append(this.element);
    this.listen();
    new ResizeObserver(() => {
      this.size = { width: holder.clientWidth, height: holder.clientHeight };
      this.draw();
    }).observe(holder);
    this.size = { width: holder.clientWidth, height: holder.clientHeight };
  }

  get viewport(): Viewport {
    return this.view;
  }

  get drawn(): Layout {
    return this.layout;
  }

  /** Another layout; the place `anchor` stays where it is on the screen. */
  show(layout: Layout, anchor: string | null): void {
    const before = anchor === null ? undefined : this.index.get(anchor);
    const screen = before && { x: before.x - this.view.x, y: before.y - this.view.y };
    this.layout = layout;
    this.index.clear();
    for (const box of layout.boxes) this.index.set(box.place.key, box);
    this.order = layout.boxes;
    const after = anchor === null ? undefined : this.index.get(anchor);
    if (screen && after) this.view = { ...this.view, x: after.x - screen.x, y: after.y - screen.y };
    for (const { element } of this.shownBoxes.values()) element.remove();
    for (const { element } of this.shownLines.values()) element.remove();
    const focused = document.activeElement !== null && this.element.contains(document.activeElement);
    this.shownBoxes.clear();
    this.shownLines.clear();
    if (!this.index.has(this.current)) this.current = this.order[0]?.place.key ?? '';
    this.draw();
    if (focused) this.focus();
  }

  /** The place in sight that is the nearest to the middle of the screen. */
  anchor(): string | null {
    const middle = {
      x: this.view.x + this.size.width / 2 / this.view.scale,
      y: this.view.y + this.size.height / 2 / this.view.scale,
    };
    let best: { key: string; distance: number } | null = null;
    for (const { box } of this.shownBoxes.values()) {
      const distance = Math.hypot(box.x + box.width / 2 - middle.x, box.y - middle.y);
      if (best === null || distance < best.distance) best = { key: box.place.key, distance };
    }
    return best?.key ?? null;
  }

  mark(selected: string, here: Set<string>, found: Set<string> | null): void {
    this.selected = selected;
    this.here = here;
    this.found = found;
    if (this.index.has(selected)) this.current = selected;
    this.element.classList.toggle('searching', found !== null);
    for (const { box, element } of this.shownBoxes.values()) this.dress(box, element);
    for (const { line, element } of this.shownLines.values()) this.dressLine(line, element);
    this.draw();
  }

  move(view: Viewport): void {
    // An end of the drawing goes no further than to the middle of the screen.
    const [halfWidth, halfHeight] = [this.size.width / view.scale / 2, this.size.height / view.scale / 2];
    const within = (value: number, half: number, size: number): number =>
      Math.min(Math.max(value, -half), Math.max(size - half, -half));
    this.view = {
      x: within(view.x, halfWidth, this.layout.width),
      y: within(view.y, halfHeight, this.layout.height),
      scale: view.scale,
    };
    this.draw();
    this.events.moved(this.view);
  }

  zoom(factor: number, at?: { x: number; y: number }): void {
    const scale = Math.min(LARGEST, Math.max(SMALLEST, this.view.scale * factor));
    const point = at ?? { x: this.size.width / 2, y: this.size.height / 2 };
    const x = this.view.x + point.x / this.view.scale - point.x / scale;
    const y = this.view.y + point.y / this.view.scale - point.y / scale;
    this.move({ x, y, scale });
  }

  /** All of it; a long one by its width, from the top. */
  fit(): void {
    const { width, height } = this.layout;
    if (width === 0 || this.size.width === 0) return;
    const across = this.size.width / width;
    const whole = Math.min(across, this.size.height / height);
    const scale = Math.min(1, whole < READABLE ? across : whole);
    const top = this.size.height / scale > height ? (height - this.size.height / scale) / 2 : 0;
    this.move({ x: (width - this.size.width / scale) / 2, y: top, scale });
  }

  overview(): void {
    const { width, height } = this.layout;
    const scale = Math.max(SMALLEST, Math.min(1, this.size.width / width, this.size.height / height));
    this.move({ x: (width - this.size.width / scale) / 2, y: (height - this.size.height / scale) / 2, scale });
  }

  /** Into sight, with as little movement as that takes. */
  reveal(key: string): void {
    const box = this.index.get(key);
    if (box === undefined) return;
    const { scale } = this.view;
    const [width, height] = [this.size.width / scale, this.size.height / scale];
    const edge = 24 / scale;
    const tall = Math.min(box.height, height - 2 * edge);
    const wide = Math.min(box.width, width - 2 * edge);
    let { x, y } = this.view;
    if (box.x < x + edge || box.x + wide > x + width - edge) x = box.x + wide / 2 - width / 2;
    if (box.y < y + edge || box.y + tall > y + height - edge) y = box.y + tall / 2 - height / 2;
    if (x !== this.view.x || y !== this.view.y) this.move({ x, y, scale });
  }

  focus(key = this.current): void {
    this.current = key;
    this.reveal(key);
    this.draw();
    this.paint();
    this.shownBoxes.get(key)?.element.focus({ preventScroll: true });
  }

  // -- what is in sight

  private draw(): void {
    if (this.frame === 0) {
      this.frame = requestAnimationFrame(() => { this.paint(); });
    }
  }

  private paint(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { x, y, scale } = this.view;
    this.stage.setAttribute('transform', `scale(${scale}) translate(${-x} ${-y})`);
    this.element.classList.toggle('far', scale < 0.4);
    this.element.classList.toggle('near-enough', scale >= 0.55);
    const margin = MARGIN / scale;
    const sight = {
      left: x - margin,
      top: y - margin,
      right: x + this.size.width / scale + margin,
      bottom: y + this.size.height / scale + margin,
    };
    const wanted = new Set<string>();
    let after: SVGGElement | null = null;
    for (const [position, box] of this.order.entries()) {
      const key = box.place.key;
      const inSight =
        box.x < sight.right && box.x + box.width > sight.left && box.y < sight.bottom && box.y + box.height > sight.top;
      if (!inSight && key !== this.current) continue;
      wanted.add(key);
      let element = this.shownBoxes.get(key)?.element;
      if (element === undefined) {
        element = this.node(box, position);
        this.shownBoxes.set(key, { box, element });
        if (after === null) this.boxes.prepend(element);
        else after.after(element);
      }
      after = element;
    }
    for (const [key, { element }] of this.shownBoxes) {
      if (!wanted.has(key)) {
        element.remove();
        this.shownBoxes.delete(key);
      }
    }
    this.paintLines(sight);
    for (const [key, { element }] of this.shownBoxes) {
      element.setAttribute('tabindex', key === this.current ? '0' : '-1');
    }
  }

  private paintLines(sight: { left: number; top: number; right: number; bottom: number }): void {
    for (const line of this.layout.lines) {
      const [start, end] = [line.points[0], line.points[line.points.length - 1]];
      if (start === undefined || end === undefined) continue;
      const inSight =
        Math.min(start.y, end.y) < sight.bottom &&
        Math.max(start.y, end.y) > sight.top &&
        line.points.some((point) => point.x < sight.right) &&
        line.points.some((point) => point.x > sight.left);
      const shown = this.shownLines.get(line.key);
      if (inSight && shown === undefined) {
        const element = drawLine(line);
        if (line.edge.through.length > 0) {
          element.append(s('title', {}, `through ${line.edge.through.join(', ')}`));
        }
        this.dressLine(line, element);
        this.lines.append(element);
        this.shownLines.set(line.key, { line, element });
      } else if (!inSight && shown !== undefined) {
        shown.element.remove();
        this.shownLines.delete(line.key);
      }
    }
  }

  private node(box: Box, position: number): SVGGElement {
    const { place } = box;
    const element = drawBox(box);
    set(element, {
      transform: `translate(${box.x} ${box.y})`,
      role: 'treeitem',
      'data-key': place.key,
      'aria-level': place.depth,
      'aria-posinset': place.index + 1,
      'aria-setsize': place.parent?.inside.length ?? 1,
      'aria-label': described(place),
      'aria-expanded': place.inside.length > 0 ? String(box.open) : null,
      'data-position': position,
    });
    this.dress(box, element);
    return element;
  }

  private dress(box: Box, element: SVGGElement): void {
    const { key } = box.place;
    element.classList.toggle('selected', key === this.selected);
    element.classList.toggle('here', this.here.has(key));
    element.classList.toggle('found', this.found?.has(key) ?? false);
    element.classList.toggle('dim', this.found !== null && !this.found.has(key) && !box.open);
    element.setAttribute('aria-selected', String(key === this.selected));
    if (this.here.has(key)) element.setAttribute('aria-current', 'location');
    else element.removeAttribute('aria-current');
  }

  private dressLine(line: Line, element: SVGGElement): void {
    const on = line.source.key === this.selected || line.target.key === this.selected;
    element.classList.toggle('on', on);
  }

  // -- hands

  private listen(): void {
    const { element, holder } = this;
    element.addEventListener('click', (event) => {
      const box = this.boxOf(event.target);
      if (box === null) return;
      this.current = box.place.key;
      if (event.target instanceof Element && event.target.closest('.fold')) this.events.fold(box.place);
      else this.events.select(box.place, true);
    });
    element.addEventListener('dblclick', (event) => {
      const box = this.boxOf(event.target);
      if (box !== null && box.place.inside.length > 0 && !(event.target as Element).closest('.fold')) {
        this.events.fold(box.place);
      }
    });
    element.addEventListener('keydown', (event) => { this.key(event); });
    holder.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        const unit = event.deltaMode === 1 ? 16 : 1;
        if (event.ctrlKey || event.metaKey) {
          const frame = holder.getBoundingClientRect();
          const at = { x: event.clientX - frame.left, y: event.clientY - frame.top };
          this.zoom(Math.exp((-event.deltaY * unit) / 300), at);
        } else {
          const [dx, dy] = event.shiftKey ? [event.deltaY, event.deltaX] : [event.deltaX, event.deltaY];
          const { x, y, scale } = this.view;
          this.move({ x: x + (dx * unit) / scale, y: y + (dy * unit) / scale, scale });
        }
      },
      { passive: false },
    );
    this.drag();
  }

  private drag(): void {
    let from: { x: number; y: number; view: Viewport; moved: boolean } | null = null;
    this.holder.addEventListener('pointerdown', (event) => {
      if (event.button === 0 || event.button === 1) {
        from = { x: event.clientX, y: event.clientY, view: this.view, moved: false };
      }
    });
    this.holder.addEventListener('pointermove', (event) => {
      if (from === null) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      if (!from.moved && Math.hypot(dx, dy) < 4) return;
      if (!from.moved) this.holder.setPointerCapture(event.pointerId);
      from.moved = true;
      this.holder.classList.add('dragging');
      const { x, y, scale } = from.view;
      this.move({ x: x - dx / scale, y: y - dy / scale, scale });
    });
    const end = (): void => {
      from = null;
      this.holder.classList.remove('dragging');
    };
    this.holder.addEventListener('pointerup', end);
    this.holder.addEventListener('pointercancel', end);
  }

  private boxOf(target: EventTarget | null): Box | null {
    const element = target instanceof Element ? target.closest('[data-key]') : null;
    return this.index.get(element?.getAttribute('data-key') ?? '') ?? null;
  }

  private key(event: KeyboardEvent): void {
    const box = this.index.get(this.current);
    if (box === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const at = this.order.indexOf(box);
    const actions: Record<string, () => void> = {
      ArrowDown: () => { this.go(this.order[at + 1]); },
      ArrowUp: () => { this.go(this.order[at - 1]); },
      Home: () => { this.go(this.order[0]); },
      End: () => { this.go(this.order[this.order.length - 1]); },
      PageDown: () => { this.go(this.order[Math.min(at + 10, this.order.length - 1)]); },
      PageUp: () => { this.go(this.order[Math.max(at - 10, 0)]); },
      ArrowRight: () => {
        if (box.place.inside.length === 0) return;
        if (box.open) this.go(this.order[at + 1]);
        else this.events.fold(box.place);
      },
      ArrowLeft: () => {
        const parent = box.place.parent;
        if (box.open) this.events.fold(box.place);
        else if (parent !== null) this.go(this.index.get(parent.key));
      },
      Enter: () => { this.events.select(box.place, true); },
      ' ': () => {
        if (box.place.inside.length > 0) this.events.fold(box.place);
        else this.events.select(box.place, false);
      },
      '+': () => { this.zoom(1.25); },
      '=': () => { this.zoom(1.25); },
      '-': () => { this.zoom(0.8); },
      '0': () => { this.fit(); },
    };
    const action = actions[event.key];
    if (action === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }

  private go(box: Box | undefined): void {
    if (box === undefined) return;
    this.focus(box.place.key);
    this.events.select(box.place, false);
  }
}

export function legend(families: Set<string>): HTMLElement {
  const shown = FAMILIES.filter(([family]) => families.has(family));
  return h(
    'ul',
    { class: 'legend', 'aria-label': 'Colours' },
    ...shown.map(([family, name]) => h('li', {}, h('span', { class: `swatch f-${family}` }), name)),
  );
}

const FAMILIES: [string, string][] = [
  ['conv', 'Convolution'],
  ['dense', 'Dense'],
  ['recurrent', 'Recurrent'],
  ['attention', 'Attention'],
  ['embedding', 'Embedding'],
  ['norm', 'Normalization'],
  ['activation', 'Activation'],
  ['pooling', 'Pooling'],
  ['merge', 'Merge'],
  ['regularization', 'Regularization'],
  ['shape', 'Shape'],
  ['preprocessing', 'Preprocessing'],
  ['model', 'Model'],
  ['custom', 'Your layers'],
];
