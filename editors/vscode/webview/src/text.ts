// How numbers and shapes are spelled; the same words as on the server's cards.

const THOUSANDS = ['', 'k', 'M', 'G', 'T'];
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function count(value: number | null): string {
  return value === null ? '?' : value.toLocaleString('en-US');
}

function scaled(value: number, step: number, limit: number, last: number): [number, number] {
  let size = value;
  let unit = 0;
  while (size >= limit && unit < last) {
    size /= step;
    unit += 1;
  }
  return [size, unit];
}

/** `25.6 M`, `2,112`: short enough for a node. */
export function short(value: number | null): string {
  if (value === null) return '?';
  if (value < 10_000) return count(value);
  const [size, unit] = scaled(value, 1000, 1000, THOUSANDS.length - 1);
  return `${precise(size)} ${THOUSANDS[unit] ?? ''}`;
}

export function bytes(value: number | null): string {
  if (value === null) return '?';
  const [size, unit] = scaled(value, 1024, 1024, UNITS.length - 1);
  return `${precise(size)} ${UNITS[unit] ?? ''}`;
}

export function flops(value: number | null, complete = true): string {
  if (value === null) return '?';
  const [size, unit] = scaled(value, 1000, 10_000, THOUSANDS.length - 1);
  const text = `${unit === 0 ? count(value) : precise(size)} ${THOUSANDS[unit] ?? ''}FLOPs`;
  return complete ? text : `at least ${text}`;
}

function precise(size: number): string {
  return size >= 100 ? Math.round(size).toLocaleString('en-US') : String(Number(size.toPrecision(3)));
}

export function plural(value: number, word: string): string {
  return `${count(value)} ${word}${value === 1 ? '' : 's'}`;
}

/** Too long a text loses its middle: ends of names tell them apart. */
export function clipped(text: string, length: number): string {
  if (text.length <= length) return text;
  const head = Math.ceil((length - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (length - 1 - head))}`;
}
