// The page of the model view as HTML. Scripts by nonce, styles from one file, nothing from elsewhere.

export interface PageSources {
  nonce: string;
  script: string; // addresses
  style: string;
  styleSource: string; // of the policy
}

export function page({ nonce, script, style, styleSource }: PageSources): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${styleSource}`,
    'img-src blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const button = (id: string, title: string, icon: string): string =>
    `<button type="button" id="${id}" title="${title}" aria-label="${title}"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="${icon}"/></svg></button>`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Keras model</title>
<link rel="stylesheet" href="${style}">
</head>
<body class="empty">
<header>
  <div class="row">
    <h1 class="visually-hidden">Keras model</h1>
    <label class="visually-hidden" for="picker">Model</label>
    <select id="picker"></select>
    <span id="class"></span>
    <span id="file" class="quiet"></span>
    <span id="keras" class="quiet"></span>
  </div>
  <p id="sizes" class="quiet"></p>
  <p id="notes" class="note" hidden></p>
  <div id="banner" class="banner" role="status" hidden></div>
  <details id="holes" hidden></details>
  <div class="row tools">
    <div role="tablist" aria-label="View">
      <button type="button" role="tab" id="tab-graph" aria-controls="panel-graph" aria-selected="true">Graph</button>
      <button type="button" role="tab" id="tab-table" aria-controls="panel-table" aria-selected="false" tabindex="-1">Table</button>
    </div>
    <div class="search">
      <input id="query" type="search" placeholder="Search layers" aria-label="Search layers" autocomplete="off" spellcheck="false">
      <span id="matches" class="quiet" role="status"></span>
    </div>
    <div class="buttons" role="toolbar" aria-label="Drawing">
      ${button('fold', 'Fold all blocks', ICONS.fold)}
      ${button('unfold', 'Unfold all blocks', ICONS.unfold)}
      ${button('zoom-out', 'Zoom out', ICONS.minus)}
      ${button('zoom-in', 'Zoom in', ICONS.plus)}
      ${button('fit', 'Fit the width', ICONS.width)}
      ${button('overview', 'Show all of it', ICONS.whole)}
      <button type="button" id="save-svg" title="Save the drawing as SVG">SVG</button>
      <button type="button" id="save-png" title="Save the drawing as PNG">PNG</button>
    </div>
  </div>
</header>
<main>
  <p id="empty">Open a Python file with a Keras model.</p>
  <section id="panel-graph" role="tabpanel" aria-labelledby="tab-graph"><div id="graph"></div><div id="legend"></div></section>
  <section id="panel-table" role="tabpanel" aria-labelledby="tab-table" hidden><div id="table" tabindex="0" role="region" aria-label="Layers"></div></section>
  <aside id="details" aria-label="Selected layer" aria-live="polite" hidden></aside>
</main>
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>
`;
}

const ICONS = {
  fold: 'M3 2.5h10M3 13.5h10M8 4.5v3.5M5.8 6.2 8 8.2l2.2-2M5.8 9.8 8 8.2l2.2 1.6',
  unfold: 'M3 8h10M8 1.8v4M5.8 3.8 8 1.6l2.2 2.2M8 14.2v-4M5.8 12.2 8 14.4l2.2-2.2',
  minus: 'M3.5 8h9',
  plus: 'M3.5 8h9M8 3.5v9',
  width: 'M2 3v10M14 3v10M4.5 8h7M6.5 6l-2 2 2 2M9.5 6l2 2-2 2',
  whole: 'M2.5 5.5v-3h3M13.5 5.5v-3h-3M2.5 10.5v3h3M13.5 10.5v3h-3',
};
