// Boxes and lines for the unfolded part of a model: each open layer is laid out alone, from the inside out.

import dagre from '@dagrejs/dagre';
import type { ViewEdge } from '../../src/view/protocol';
import { cutInSeries } from './series';
import type { Part } from './series';
import { clipped, short } from './text';
import type { Folding, Place, Tree } from './tree';

export interface Point {
  x: number;
  y: number;
}

export interface Box extends Point {
  place: Place;
  width: number;
  height: number;
  open: boolean;
  title: string;
  subtitle: string;
}

export interface Line {
  key: string;
  source: Place;
  target: Place;
  edge: ViewEdge;
  points: Point[];
  label: string; // "" where another line says the same of the same tensor
  labelAt: Point; // below the middle of the source
}

export interface Layout {
  width: number;
  height: number;
  boxes: Box[]; // outer ones before inner ones
  lines: Line[];
}

export type Measure = (text: string, bold: boolean) => number;

export const HEADER = 40; // of an open layer
export const ROW = 46; // height of a layer
export const PILL = 28; // height of arguments, results and operations
const PAD = 18;
const GAP = 38; // between ranks: room for a shape
const SIDE = 26;
const LONGEST = 34; // characters of a title
const MANY = 120; // nodes in one part from which on a quicker ranking is used

interface Inner {
  width: number;
  height: number;
  boxes: Box[];
  lines: Line[];
}

interface Size {
  width: number;
  height: number;
}

/** Lets the page do something else when this has taken a while. */
export type Breath = () => Promise<void>;

export class Layouts {
  private readonly parts = new Map<string, { centres: Point[]; lines: Point[][] }>();

  constructor(
    private readonly measure: Measure,
    private readonly breath: Breath,
  ) {}

  async of(tree: Tree, folding: Folding): Promise<Layout> {
    const root = await this.scope(tree, folding, tree.root);
    return { width: root.width, height: root.height, boxes: root.boxes, lines: root.lines };
  }

  private async scope(tree: Tree, folding: Folding, scope: Place): Promise<Inner> {
    const boxes: Box[] = [];
    const inners: (Inner | null)[] = [];
    for (const place of scope.inside) {
      const inner = folding.isOpen(tree, place) ? await this.scope(tree, folding, place) : null;
      inners.push(inner);
      boxes.push(this.box(place, inner));
    }
    const edges = scope.layer?.edges ?? [];
    const centres = await this.place(boxes, edges);
    const lines = this.lines(scope, edges, boxes, centres);
    const all: Box[] = [];
    const inside: Line[] = [];
    boxes.forEach((box, index) => {
      const centre = centres.nodes[index] ?? { x: 0, y: 0 };
      box.x = centre.x - box.width / 2;
      box.y = centre.y - box.height / 2;
      all.push(box);
      const inner = inners[index];
      if (!inner) return;
      const at = { x: box.x + (box.width - inner.width) / 2, y: box.y + HEADER };
      all.push(...inner.boxes.map((b) => ({ ...b, x: b.x + at.x, y: b.y + at.y })));
      inside.push(...inner.lines.map((line) => shifted(line, at)));
    });
    return {
      width: centres.size.width + 2 * PAD,
      height: centres.size.height + 2 * PAD,
      boxes: all.map((box) => ({ ...box, x: box.x + PAD, y: box.y + PAD })),
      lines: [...lines, ...inside].map((line) => shifted(line, { x: PAD, y: PAD })),
    };
  }

  private box(place: Place, inner: Inner | null): Box {
    const { title, subtitle } = texts(place);
    const isPill = place.step.kind !== 'layer';
    const chevron = place.inside.length > 0 ? 26 : 0;
    const wanted = Math.max(this.measure(title, true), this.measure(subtitle, false)) + chevron;
    const label = place.layer ? this.measure(place.layer.output, false) : 0;
    const width = Math.ceil(Math.max(isPill ? 56 : 132, wanted + (isPill ? 24 : 34), label + 8));
    return {
      place,
      x: 0,
      y: 0,
      width: inner === null ? width : Math.max(width, inner.width),
      height: inner === null ? (isPill ? PILL : ROW) : HEADER + inner.height,
      open: inner !== null,
      title,
      subtitle,
    };
  }

  private async place(
    boxes: Box[],
    edges: ViewEdge[],
  ): Promise<{ nodes: Point[]; lines: Map<number, Point[]>; size: Size }> {
    const nodes: Point[] = [];
    const lines = new Map<number, Point[]>();
    let [left, right] = [0, boxes[0] ? boxes[0].width : 0];
    let at: Point = { x: (boxes[0]?.width ?? 0) / 2, y: (boxes[0]?.height ?? 0) / 2 };
    if (boxes.length > 0) nodes[0] = at;
    for (const part of cutInSeries(boxes.length, edges)) {
      if (part.first === part.last) continue;
      const known = this.part(part, boxes, edges);
      const first = known.centres[0] ?? { x: 0, y: 0 };
      const by = { x: at.x - first.x, y: at.y - first.y };
      known.centres.forEach((centre, index) => {
        nodes[part.first + index] = { x: centre.x + by.x, y: centre.y + by.y };
      });
      part.links.forEach((link, index) => lines.set(link, moved(known.lines[index] ?? [], by)));
      for (let node = part.first; node <= part.last; node += 1) {
        const [x, half] = [nodes[node]?.x ?? 0, (boxes[node]?.width ?? 0) / 2];
        left = Math.min(left, x - half);
        right = Math.max(right, x + half);
      }
      for (const index of part.links) {
        for (const point of lines.get(index) ?? []) {
          left = Math.min(left, point.x);
          right = Math.max(right, point.x);
        }
      }
      at = nodes[part.last] ?? at;
      await this.breath();
    }
    const bottom = Math.max(0, ...nodes.map((node, index) => node.y + (boxes[index]?.height ?? 0) / 2));
    for (const node of nodes) node.x -= left;
    for (const line of lines.values()) for (const point of line) point.x -= left;
    return { nodes, lines, size: { width: right - left, height: bottom } };
  }

  /** Centres from the first node's on, and lines. Blocks that look alike are laid out once. */
  private part(part: Part, boxes: Box[], edges: ViewEdge[]): { centres: Point[]; lines: Point[][] } {
    const members = boxes.slice(part.first, part.last + 1);
    const links = part.links.map((index) => edges[index]).filter((edge) => edge !== undefined);
    const ends = { top: part.first > 0, bottom: part.last < boxes.length - 1 };
    const key = JSON.stringify([
      ends,
      members.map((box) => [box.width, box.height]),
      links.map((edge) => [edge.source - part.first, edge.target - part.first]),
    ]);
    let found = this.parts.get(key);
    if (found === undefined) {
      found = members.length === 2 ? straight(members, links.length) : ranked(members, links, part.first, ends);
      if (this.parts.size > 5000) this.parts.clear();
      this.parts.set(key, found);
    }
    return found;
  }

  private lines(
    scope: Place,
    edges: ViewEdge[],
    boxes: Box[],
    { nodes, lines: points }: { nodes: Point[]; lines: Map<number, Point[]> },
  ): Line[] {
    const told = new Set<string>();
    const found: Line[] = [];
    edges.forEach((edge, index) => {
      const [source, target] = [boxes[edge.source], boxes[edge.target]];
      const way = points.get(index);
      if (source === undefined || target === undefined || way === undefined) return;
      const same = `${edge.source} ${edge.shape}`;
      const label = told.has(same) ? '' : edge.shape;
      told.add(same);
      const key = `${scope.key} ${edge.source}→${edge.target} ${edge.shape}`;
      const centre = nodes[edge.source] ?? { x: 0, y: 0 };
      const labelAt = { x: centre.x, y: centre.y + source.height / 2 };
      found.push({ key, source: source.place, target: target.place, edge, points: way, label, labelAt });
    });
    return found;
  }
}

export function texts(place: Place): { title: string; subtitle: string } {
  const { step, layer } = place;
  if (step.kind === 'argument') return { title: clipped(step.label || 'input', LONGEST), subtitle: '' };
  if (step.kind === 'result') return { title: clipped(`result${step.label}`, LONGEST), subtitle: '' };
  if (layer === null) return { title: clipped(step.label || 'operation', LONGEST), subtitle: '' };
  const name = step.label || layer.name;
  const again = step.calls > 1 ? ` · call ${step.call} of ${step.calls}` : '';
  const size = layer.parameters ? ` · ${short(layer.parameters)}` : '';
  return { title: clipped(layer.className, LONGEST), subtitle: clipped(`${name}${size}${again}`, LONGEST + 8) };
}

function straight(members: Box[], links: number): { centres: Point[]; lines: Point[][] } {
  const [one, two] = members;
  if (one === undefined || two === undefined) return { centres: [], lines: [] };
  const x = Math.max(one.width, two.width) / 2;
  const below = one.height + GAP;
  const lines = Array.from({ length: links }, () => [
    { x, y: one.height },
    { x, y: below },
  ]);
  return {
    centres: [
      { x, y: one.height / 2 },
      { x, y: below + two.height / 2 },
    ],
    lines,
  };
}

function ranked(
  members: Box[],
  links: ViewEdge[],
  first: number,
  ends: { top: boolean; bottom: boolean },
): { centres: Point[]; lines: Point[][] } {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({
    rankdir: 'TB',
    nodesep: SIDE,
    edgesep: 14,
    ranksep: GAP,
    ranker: members.length > MANY ? 'longest-path' : 'network-simplex',
  });
  graph.setDefaultEdgeLabel(() => ({}));
  members.forEach((box, index) => graph.setNode(String(index), { width: box.width, height: box.height }));
  links.forEach((edge, index) =>
    graph.setEdge(String(edge.source - first), String(edge.target - first), { width: 0, height: 0 }, String(index)),
  );
  // Where another part goes on, only the node that both have may be there.
  const last = members.length - 1;
  for (let node = 1; node < last; node += 1) {
    const name = String(node);
    if (ends.top && graph.inEdges(name)?.length === 0) graph.setEdge('0', name, { weight: 0 }, 'top');
    if (ends.bottom && graph.outEdges(name)?.length === 0) graph.setEdge(name, String(last), { weight: 0 }, 'bottom');
  }
  dagre.layout(graph);
  const centres = members.map((_, index): Point => {
    const { x, y } = graph.node(String(index)) as Point;
    return { x, y };
  });
  const lines = links.map((edge, index) => {
    const [source, target] = [edge.source - first, edge.target - first];
    const found = graph.edge(String(source), String(target), String(index)) as { points?: Point[] };
    const points = (found.points ?? []).map(({ x, y }) => ({ x, y }));
    const [from, to] = [members[source], members[target]];
    if (from === undefined || to === undefined) return points;
    return [
      docked(points[0], centres[source], from, 1),
      ...points.slice(1, -1),
      docked(points[points.length - 1], centres[target], to, -1),
    ];
  });
  return { centres, lines };
}

/** On the lower (1) or upper (-1) side of a box, where dagre would also take its flanks. */
function docked(point: Point | undefined, centre: Point | undefined, box: Box, side: 1 | -1): Point {
  const { x, y } = centre ?? { x: 0, y: 0 };
  const reach = box.width / 2 - 12;
  return {
    x: x + Math.min(Math.max((point?.x ?? x) - x, -reach), reach),
    y: y + (side * box.height) / 2,
  };
}

function shifted(line: Line, { x, y }: Point): Line {
  const labelAt = { x: line.labelAt.x + x, y: line.labelAt.y + y };
  return { ...line, points: moved(line.points, { x, y }), labelAt };
}

function moved(points: Point[], by: Point): Point[] {
  return points.map((point) => ({ x: point.x + by.x, y: point.y + by.y }));
}

/** A soft line through the points. */
export function path(points: Point[]): string {
  const [start, ...rest] = points;
  if (start === undefined) return '';
  const at = (point: Point): string => `${round(point.x)} ${round(point.y)}`;
  let drawn = `M${at(start)}`;
  rest.forEach((point, index) => {
    const next = rest[index + 1];
    if (next === undefined) drawn += `L${at(point)}`;
    else drawn += `Q${at(point)} ${at({ x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 })}`;
  });
  return drawn;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
