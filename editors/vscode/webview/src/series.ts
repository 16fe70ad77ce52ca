// Cuts a graph where all of it goes through one node, so that each part can be laid out alone.
//
// Networks are chains of small blocks: a layout of the whole takes seconds for 800 nodes, of its parts milliseconds.

export interface Link {
  source: number;
  target: number;
}

export interface Part {
  first: number; // nodes first..last, both also in the neighbouring parts
  last: number;
  links: number[]; // indices of links
}

/** Nodes are numbered in an order in which links go forward; others are in no part. */
export function cutInSeries(count: number, links: readonly Link[]): Part[] {
  if (count === 0) return [];
  const reach = Array.from({ length: count }, (_, node) => node);
  for (const { source, target } of links) {
    if (source < target) reach[source] = Math.max(reach[source] ?? source, target);
  }
  const cuts = [0];
  let furthest = reach[0] ?? 0;
  for (let node = 1; node < count; node += 1) {
    if (furthest <= node) cuts.push(node);
    furthest = Math.max(furthest, reach[node] ?? node);
  }
  const lastCut = cuts[cuts.length - 1] ?? 0;
  if (lastCut !== count - 1) cuts.push(count - 1);
  if (count === 1) return [{ first: 0, last: 0, links: [] }];
  const parts: Part[] = [];
  const partOf: number[] = [];
  for (let index = 0; index + 1 < cuts.length; index += 1) {
    const [first, last] = [cuts[index] ?? 0, cuts[index + 1] ?? 0];
    parts.push({ first, last, links: [] });
    for (let node = first; node < last; node += 1) partOf[node] = index;
  }
  links.forEach(({ source, target }, index) => {
    if (source < target) parts[partOf[source] ?? 0]?.links.push(index);
  });
  return parts;
}
