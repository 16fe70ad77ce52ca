import type { LayerData } from '../protocol';

export interface KnownInput {
  shape: string; // as a pin spells it
  description: string;
}

type Seen = Pick<LayerData, 'className' | 'guess' | 'inputs'>;

/** What goes into a class by the last replay. A guess counts in numbers alone: names of sizes are no input. */
export function knownInputs(layers: Seen[], className: string): KnownInput[] {
  const found = new Map<string, string>();
  for (const layer of layers.filter((each) => each.className === className)) {
    const [shapes, description] = layer.guess ? [[layer.guess], 'the guess'] : [layer.inputs, 'the input as it is now'];
    for (const shape of shapes) {
      if (!found.has(shape)) {
        found.set(shape, description);
      }
    }
  }
  return [...found].map(([shape, description]) => ({ shape, description }));
}
