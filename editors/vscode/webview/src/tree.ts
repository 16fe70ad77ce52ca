// The layers of one model as a tree of places: a layer that is called twice, or held by two, is there twice.

import type { ModelView, ViewLayer, ViewModel, ViewStep } from '../../src/view/protocol';

const MAX_DEPTH = 24;
const ALL_OPEN = 40; // a model with no more nodes than this is shown unfolded

export interface Place {
  key: string; // holds over replays
  step: ViewStep;
  layer: ViewLayer | null;
  parent: Place | null;
  depth: number; // 0 for the model itself
  index: number; // in the steps of the parent
  inside: Place[]; // what runs in it, empty for leaves
}

export class Tree {
  readonly root: Place;
  readonly places = new Map<string, Place>();
  readonly byLayer = new Map<number, Place[]>();
  private readonly layers: Map<number, ViewLayer>;

  constructor(
    readonly view: ModelView,
    readonly model: ViewModel,
  ) {
    this.layers = new Map(view.layers.map((layer) => [layer.id, layer]));
    const layer = this.layers.get(model.id) ?? null;
    const step: ViewStep = {
      kind: 'layer',
      key: model.key,
      label: model.title,
      layer: model.id,
      call: 1,
      calls: 1,
      span: null,
    };
    this.root = this.grow(step, layer, null, 0, new Set());
  }

  private grow(
    step: ViewStep,
    layer: ViewLayer | null,
    parent: Place | null,
    index: number,
    above: Set<number>,
  ): Place {
    const place: Place = {
      key: parent === null ? step.key : `${parent.key} > ${step.key}`,
      step,
      layer,
      parent,
      depth: parent === null ? 0 : parent.depth + 1,
      index,
      inside: [],
    };
    this.places.set(place.key, place);
    if (layer === null) return place;
    const known = this.byLayer.get(layer.id);
    if (known === undefined) this.byLayer.set(layer.id, [place]);
    else known.push(place);
    if (above.has(layer.id) || place.depth >= MAX_DEPTH) return place;
    const nested = new Set(above).add(layer.id);
    place.inside = layer.steps.map((inner, position) => {
      const part = inner.layer === null ? null : (this.layers.get(inner.layer) ?? null);
      return this.grow(inner, part, place, position, nested);
    });
    return place;
  }

  /** Every place but arguments and results, in the order of execution. */
  *walk(from: Place = this.root): Generator<Place> {
    if (from.step.kind === 'argument' || from.step.kind === 'result') return;
    yield from;
    for (const inner of from.inside) yield* this.walk(inner);
  }
}

/** Which places are unfolded: what the user said, else the model alone, or all of a small one. */
export class Folding {
  constructor(readonly said = new Map<string, boolean>()) {}

  isOpen(tree: Tree, place: Place): boolean {
    if (place.inside.length === 0) return false;
    if (place.parent === null) return true;
    return this.said.get(place.key) ?? tree.places.size <= ALL_OPEN;
  }

  set(place: Place, open: boolean): void {
    this.said.set(place.key, open);
  }

  setAll(tree: Tree, open: boolean): void {
    for (const place of tree.places.values()) {
      if (place.inside.length > 0 && place.parent !== null) this.set(place, open);
    }
  }

  /** So that the place can be seen. */
  reveal(place: Place): void {
    for (let above = place.parent; above !== null; above = above.parent) {
      if (above.parent !== null) this.set(above, true);
    }
  }

  /** The place itself, or the folded one that hides it. */
  visible(tree: Tree, place: Place): Place {
    let shown = place;
    for (let above = place.parent; above !== null; above = above.parent) {
      if (!this.isOpen(tree, above)) shown = above;
    }
    return shown;
  }
}

/** Visible places in the order of execution: what the keyboard walks through. */
export function visiblePlaces(tree: Tree, folding: Folding): Place[] {
  const found: Place[] = [];
  const visit = (place: Place): void => {
    found.push(place);
    if (folding.isOpen(tree, place)) place.inside.forEach(visit);
  };
  visit(tree.root);
  return found;
}

/** What matches all words of a query, by class, name, label or configuration. */
export function search(tree: Tree, query: string): Place[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  return [...tree.walk()].filter((place) => {
    if (place.parent === null) return false;
    const layer = place.layer;
    const text = [place.step.label, layer?.className, layer?.name, layer?.config, layer?.output]
      .join(' ')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export type Column = 'order' | 'name' | 'output' | 'parameters' | 'bytes' | 'flops' | 'activationBytes';

/** Rows of the table. In execution order a tree; by another column leaves and blocks alike, unknown ones last. */
export function sorted(places: Place[], column: Column, descending: boolean): Place[] {
  if (column === 'order') return descending ? [...places].reverse() : places;
  const sign = descending ? -1 : 1;
  const value = (place: Place): string | number | null => {
    if (column === 'name') return place.step.label.toLowerCase();
    if (column === 'output') return place.layer?.output ?? '';
    return place.layer?.[column] ?? null;
  };
  return [...places].sort((a, b) => {
    const [one, two] = [value(a), value(b)];
    if (one === null || two === null) return one === two ? 0 : one === null ? 1 : -1;
    if (typeof one === 'number' && typeof two === 'number') return sign * (one - two);
    return sign * String(one).localeCompare(String(two), 'en', { numeric: true });
  });
}
