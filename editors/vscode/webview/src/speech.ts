// What a screen reader says of a place.

import { texts } from './layout';
import { bytes, count, flops, plural } from './text';
import type { Place } from './tree';

export function described(place: Place): string {
  const { layer, step } = place;
  if (step.kind === 'argument') return `argument ${step.label}`;
  if (step.kind === 'result') return `result ${step.label}`.trim();
  if (layer === null) return `operation ${step.label}`;
  const { title, subtitle } = texts(place);
  const parts = [`${title} ${subtitle}`];
  if (layer.output) parts.push(`output ${layer.output}`);
  if (layer.parameters !== null) parts.push(plural(layer.parameters, 'parameter'));
  if (layer.guessed) parts.push('for a guessed input');
  if (place.inside.length > 0) parts.push(`${plural(place.inside.length, 'step')} inside`);
  return parts.join(', ');
}

/** `25,636,712 parameters · 97.8 MiB · 7.76 GFLOPs` */
export function sizes(place: Place): string {
  const layer = place.layer;
  if (layer === null) return '';
  const parts: string[] = [];
  if (layer.parameters !== null) parts.push(plural(layer.parameters, 'parameter'));
  if (layer.nonTrainable) parts.push(`${count(layer.nonTrainable)} not trainable`);
  if (layer.bytes) parts.push(bytes(layer.bytes));
  if (layer.flops) parts.push(`${flops(layer.flops, layer.costComplete)} per sample`);
  if (layer.activationBytes) parts.push(`${bytes(layer.activationBytes)} of activations per sample`);
  return parts.join(' · ');
}
