// The parts of the model view that need no page.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Layouts } from '../dist/layout.js';
import { cutInSeries } from '../dist/series.js';
import { bytes, clipped, flops, short } from '../dist/text.js';
import { Folding, search, sorted, Tree, visiblePlaces } from '../dist/tree.js';

/** Numbers that look random and are the same in each run. */
function dice(seed) {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
}

function randomLinks(count, seed) {
  const roll = dice(seed);
  const links = [];
  for (let node = 1; node < count; node += 1) {
    for (let times = 1 + (roll(4) === 0 ? 1 : 0); times > 0; times -= 1) {
      links.push({ source: Math.max(0, node - 1 - roll(roll(6) + 1)), target: node, shape: `(None, ${node})`, through: [] });
    }
  }
  return links;
}

function layer(id, more = {}) {
  return {
    id, className: `Layer${id}`, name: `layer_${id}`, kind: 'layer', family: 'dense', isUserClass: false, made: null, called: [],
    config: '', flow: '', output: '(None, 8)', built: true, projected: false, guessed: false, parameters: id, nonTrainable: 0,
    bytes: 4 * id, flops: null, activationBytes: null, costComplete: true, weights: [], notes: [], origin: '', steps: [], edges: [],
    unknown: [], incomplete: false, ...more,
  };
}

function step(label, id, more = {}) {
  return { kind: 'layer', key: label, label, layer: id, call: 1, calls: 1, span: null, ...more };
}

function view(layers) {
  const models = [{ id: layers[0].id, key: 'model', title: 'model', inner: false }];
  return { stale: false, keras: '', origin: 'replay', models, layers, failures: [], holes: [], here: [] };
}

function chain(count, seed) {
  const inner = Array.from({ length: count }, (_, index) => layer(index + 1));
  const steps = inner.map((one) => step(`l${one.id}`, one.id));
  return view([layer(0, { kind: 'functional', steps, edges: randomLinks(count, seed), origin: 'model' }), ...inner]);
}

const layouts = () => new Layouts((text) => text.length * 7, async () => undefined);

test('every link is in the one part that holds both its ends, and parts meet in one node', () => {
  for (let seed = 1; seed < 60; seed += 1) {
    const count = 2 + (seed % 23);
    const links = randomLinks(count, seed);
    const parts = cutInSeries(count, links);
    assert.equal(parts[0].first, 0);
    assert.equal(parts.at(-1).last, count - 1);
    parts.slice(1).forEach((part, index) => assert.equal(part.first, parts[index].last));
    const met = parts.flatMap((part) => part.links);
    assert.deepEqual([...met].sort((a, b) => a - b), links.map((_, index) => index));
    for (const part of parts) {
      for (const index of part.links) {
        assert.ok(links[index].source >= part.first && links[index].target <= part.last);
      }
    }
  }
});

test('a chain is cut at each of its nodes', () => {
  const links = [0, 1, 2].map((source) => ({ source, target: source + 1 }));
  assert.deepEqual(cutInSeries(4, links).map((part) => [part.first, part.last]), [[0, 1], [1, 2], [2, 3]]);
  assert.deepEqual(cutInSeries(0, []), []);
});

test('boxes do not overlap, lines begin and end at their boxes', async () => {
  for (let seed = 1; seed < 30; seed += 1) {
    const shown = chain(3 + seed, seed);
    const tree = new Tree(shown, shown.models[0]);
    const { boxes, lines, width, height } = await layouts().of(tree, new Folding());
    for (const [index, one] of boxes.entries()) {
      assert.ok(one.x >= 0 && one.y >= 0 && one.x + one.width <= width + 1 && one.y + one.height <= height + 1);
      for (const other of boxes.slice(index + 1)) {
        const apart =
          one.x + one.width <= other.x + 0.5 || other.x + other.width <= one.x + 0.5 ||
          one.y + one.height <= other.y + 0.5 || other.y + other.height <= one.y + 0.5;
        assert.ok(apart, `${one.place.key} overlaps ${other.place.key} with seed ${seed}`);
      }
    }
    assert.equal(lines.length, shown.layers[0].edges.length);
    const at = new Map(boxes.map((box) => [box.place.key, box]));
    for (const line of lines) {
      const [from, to] = [at.get(line.source.key), at.get(line.target.key)];
      const [start, end] = [line.points[0], line.points.at(-1)];
      assert.ok(Math.abs(start.y - (from.y + from.height)) < 2 && start.x >= from.x && start.x <= from.x + from.width);
      assert.ok(Math.abs(end.y - to.y) < 2 && end.x >= to.x && end.x <= to.x + to.width);
    }
  }
});

test('a shape is told once for each tensor', async () => {
  const shown = view([
    layer(0, {
      steps: [step('a', 1), step('b', 2), step('c', 3)],
      edges: [
        { source: 0, target: 1, shape: '(None, 8)', through: [] },
        { source: 0, target: 2, shape: '(None, 8)', through: [] },
        { source: 1, target: 2, shape: '(None, 4)', through: [] },
      ],
    }),
    layer(1), layer(2), layer(3),
  ]);
  const { lines } = await layouts().of(new Tree(shown, shown.models[0]), new Folding());
  assert.deepEqual(lines.map((line) => line.label), ['(None, 8)', '', '(None, 4)']);
});

function nested(count) {
  const block = layer(1, { steps: [step('dense', 2), step('norm', 3)], edges: [{ source: 0, target: 1, shape: '', through: [] }] });
  const steps = Array.from({ length: count }, (_, index) => step(`blocks[${index}]`, 1, { call: index + 1, calls: count }));
  const edges = steps.slice(1).map((_, index) => ({ source: index, target: index + 1, shape: '(None, 8)', through: [] }));
  return view([layer(0, { steps, edges }), block, layer(2), layer(3)]);
}

test('a small model is unfolded, a large one is not, and what the user said holds for another tree', () => {
  const small = nested(3);
  const folding = new Folding();
  assert.equal(visiblePlaces(new Tree(small, small.models[0]), folding).length, 1 + 3 * 3);
  const large = nested(30);
  const tree = new Tree(large, large.models[0]);
  assert.equal(visiblePlaces(tree, folding).length, 1 + 30);
  const third = tree.places.get('model > blocks[2]');
  folding.set(third, true);
  const again = new Tree(nested(31), large.models[0]);
  assert.equal(visiblePlaces(again, folding).length, 1 + 31 + 2);
  const inside = tree.places.get('model > blocks[4] > norm');
  assert.equal(folding.visible(tree, inside).key, 'model > blocks[4]');
  folding.reveal(inside);
  assert.equal(folding.visible(tree, inside), inside);
});

test('an open block holds what is in it', async () => {
  const shown = nested(30);
  const tree = new Tree(shown, shown.models[0]);
  const folding = new Folding();
  folding.setAll(tree, true);
  const { boxes } = await layouts().of(tree, folding);
  const at = new Map(boxes.map((box) => [box.place.key, box]));
  for (const box of boxes) {
    const outer = at.get(box.place.parent.key);
    if (outer === undefined) continue;
    assert.ok(box.x >= outer.x && box.y > outer.y && box.x + box.width <= outer.x + outer.width + 0.5);
    assert.ok(box.y + box.height <= outer.y + outer.height + 0.5);
  }
});

test('a layer inside itself ends', () => {
  const shown = view([layer(0, { steps: [step('self', 0)] })]);
  assert.ok(new Tree(shown, shown.models[0]).places.size < 5);
});

test('search takes all words, and places of shared layers are all found', () => {
  const shown = nested(3);
  const tree = new Tree(shown, shown.models[0]);
  assert.equal(search(tree, 'layer2 dense').length, 3);
  assert.deepEqual(search(tree, 'nothing'), []);
  assert.deepEqual(search(tree, ' '), []);
});

test('rows are sorted by a column, unknown values last both ways', () => {
  const shown = chain(3, 1);
  shown.layers[2].parameters = null;
  const tree = new Tree(shown, shown.models[0]);
  const rows = [...tree.walk()].slice(1);
  const names = (descending) => sorted(rows, 'parameters', descending).map((place) => place.step.label);
  assert.deepEqual(names(true), ['l3', 'l1', 'l2']);
  assert.deepEqual(names(false), ['l1', 'l3', 'l2']);
});

test('numbers are short and say what they are', () => {
  assert.deepEqual([short(9_408), short(7_088_000), short(null)], ['9,408', '7.09 M', '?']);
  assert.deepEqual([bytes(0), bytes(1536), bytes(102_400)], ['0 B', '1.5 KiB', '100 KiB']);
  assert.equal(flops(22_700_000_000, false), 'at least 22.7 GFLOPs');
  assert.equal(clipped('conv5_block3_out', 9), 'conv…_out');
});
