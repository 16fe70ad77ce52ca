// The whole drawing as a file: SVG with its colours written out, and a picture of that.

import { s, set } from './dom';
import { drawBox, drawLine } from './drawing';
import type { Layout } from './layout';

const EDGE = 24;
const LARGEST_SIDE = 16_000; // pixels that a canvas can have
const LARGEST_AREA = 120_000_000;
const WRITTEN = ['fill', 'stroke', 'stroke-width', 'font-family', 'font-size', 'font-weight', 'opacity', 'stroke-dasharray'];

/** As it looks now, unfolded as it is now. `holder` is in the page, so that its styles count. */
export function asSvg(layout: Layout, title: string, holder: HTMLElement): { text: string; width: number; height: number } {
  const width = Math.ceil(layout.width + 2 * EDGE);
  const height = Math.ceil(layout.height + 2 * EDGE);
  const svg = s('svg', { class: 'graph near-enough exporting', width, height, viewBox: `${-EDGE} ${-EDGE} ${width} ${height}` });
  svg.append(s('title', {}, title));
  const back = s('rect', { class: 'backdrop', x: -EDGE, y: -EDGE, width, height });
  svg.append(back);
  for (const line of layout.lines) svg.append(drawLine(line));
  for (const box of layout.boxes) {
    const node = drawBox(box);
    node.setAttribute('transform', `translate(${box.x} ${box.y})`);
    svg.append(node);
  }
  holder.append(svg);
  try {
    for (const element of svg.querySelectorAll<SVGElement>('rect, path, text')) writeStyle(element);
  } finally {
    svg.remove();
  }
  for (const element of svg.querySelectorAll('.fold, .fold-hit')) element.remove();
  for (const element of svg.querySelectorAll('[class]')) element.removeAttribute('class');
  svg.removeAttribute('class');
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return { text: new XMLSerializer().serializeToString(svg), width, height };
}

function writeStyle(element: SVGElement): void {
  const style = getComputedStyle(element);
  const isText = element.tagName === 'text';
  for (const property of WRITTEN) {
    if (!isText && property.startsWith('font')) continue;
    const value = style.getPropertyValue(property);
    if (value && !(property === 'opacity' && value === '1') && !(property === 'stroke-dasharray' && value === 'none')) {
      set(element, { [property]: value });
    }
  }
}

/** Base64 of a PNG. Rejects with an Error when the page cannot draw it. */
export async function asPng(svg: { text: string; width: number; height: number }): Promise<string> {
  const scale = Math.min(
    2,
    LARGEST_SIDE / Math.max(svg.width, svg.height),
    Math.sqrt(LARGEST_AREA / (svg.width * svg.height)),
  );
  const url = URL.createObjectURL(new Blob([svg.text], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = Math.floor(svg.width * scale);
    canvas.height = Math.floor(svg.height * scale);
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('this page cannot draw pictures');
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL('image/png').replace(/^data:[^,]*,/, '');
  } finally {
    URL.revokeObjectURL(url);
  }
}
