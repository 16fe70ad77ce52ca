// One box and one line as SVG: for the screen with classes, for a file with colours written out.

import { s } from './dom';
import { HEADER, path } from './layout';
import type { Box, Line } from './layout';

export function drawBox(box: Box): SVGGElement {
  const { place, width, height } = box;
  const { step, layer } = place;
  const family = layer?.family ?? (step.kind === 'operation' ? 'operation' : 'input');
  const isPill = step.kind !== 'layer';
  const folds = place.inside.length > 0;
  const radius = isPill ? height / 2 : 7;
  const group = s('g', { class: `node ${isPill ? 'pill' : 'card'} f-${family}${box.open ? ' open' : ''}` });
  group.append(s('rect', { class: 'body', x: 0, y: 0, width, height, rx: radius, ry: radius }));
  if (isPill) {
    group.append(s('text', { class: 'pill-title', x: width / 2, y: height / 2 + 4, 'text-anchor': 'middle' }, box.title));
    return group;
  }
  group.append(s('rect', { class: 'accent', x: 0, y: 8, width: 4, height: (box.open ? HEADER : height) - 16, rx: 2, ry: 2 }));
  group.append(s('text', { class: 'title', x: 14, y: box.open ? 18 : 19 }, `${box.title} `));
  group.append(s('text', { class: 'subtitle', x: 14, y: box.open ? 33 : 35 }, box.subtitle));
  if (folds) {
    const at = { x: width - 20, y: (box.open ? HEADER : height) / 2 };
    const chevron = box.open ? `M${at.x - 4} ${at.y - 2}l4 4l4 -4` : `M${at.x - 2} ${at.y - 4}l4 4l-4 4`;
    group.append(
      s(
        'g',
        { class: 'fold' },
        s('rect', { class: 'fold-hit', x: at.x - 14, y: at.y - 14, width: 28, height: 28, rx: 5 }),
        s('path', { class: 'chevron', d: chevron }),
      ),
    );
  }
  return group;
}

export function drawLine(line: Line): SVGGElement {
  const group = s('g', { class: `edge${line.edge.shape === '' ? ' unknown' : ''}` });
  const ends = line.points;
  group.append(s('path', { class: 'way', d: path(ends), fill: 'none' }));
  const tip = ends[ends.length - 1];
  if (tip) group.append(s('path', { class: 'tip', d: `M${tip.x - 4} ${tip.y - 6}L${tip.x} ${tip.y}L${tip.x + 4} ${tip.y - 6}Z` }));
  if (line.label) {
    const { x, y } = line.labelAt;
    group.append(s('text', { class: 'shape', x, y: y + 20, 'text-anchor': 'middle' }, line.label));
  }
  return group;
}
