// What the server answers to `kerasLsp/model` and `kerasLsp/modelAt`, and what panel and page say to each other.

export const MODEL_AT = 'kerasLsp/modelAt';

export interface Position {
  line: number;
  character: number;
}

export interface Range {
  start: Position;
  end: Position;
  uri?: string; // of the cell, where that is another one than was asked about
}

export type State = 'static' | 'building' | 'ready' | 'failed' | 'unavailable';

export interface Status {
  uri: string;
  state: State;
  reason: string;
  summary: string;
}

export interface ViewStep {
  kind: 'layer' | 'operation' | 'argument' | 'result';
  key: string;
  label: string;
  layer: number | null;
  call: number;
  calls: number;
  span: Range | null;
}

export interface ViewEdge {
  source: number;
  target: number;
  shape: string;
  through: string[];
}

export interface ViewWeight {
  name: string;
  shape: string;
  dtype: string;
  trainable: boolean;
  initializer: string;
}

export interface ViewLayer {
  id: number;
  className: string;
  name: string;
  kind: 'subclass' | 'sequential' | 'functional' | 'layer';
  family: string;
  isUserClass: boolean;
  made: Range | null;
  called: Range[];
  config: string;
  flow: string;
  output: string;
  built: boolean;
  projected: boolean;
  guessed: boolean;
  parameters: number | null;
  nonTrainable: number | null;
  bytes: number | null;
  flops: number | null;
  activationBytes: number | null;
  costComplete: boolean;
  weights: ViewWeight[];
  notes: string[];
  origin: '' | 'model' | 'call' | 'order' | 'held';
  steps: ViewStep[];
  edges: ViewEdge[];
  unknown: number[];
  incomplete: boolean;
}

export interface ViewModel {
  id: number;
  key: string;
  title: string;
  inner: boolean;
}

export interface ModelView {
  stale: boolean;
  keras: string;
  origin: 'replay' | 'text';
  models: ViewModel[];
  layers: ViewLayer[];
  failures: { message: string; span: Range | null }[];
  holes: { reason: string; span: Range | null }[];
  here: number[];
}

/** The answer to `kerasLsp/model` with `view: true`. */
export interface ModelAnswer extends Status {
  document: string; // the uri, or that of the notebook whose cell it is of
  version: number | null;
  view: ModelView;
}

/** The answer to `kerasLsp/modelAt`. */
export interface PlaceAnswer {
  uri: string;
  version: number | null;
  here: number[];
}

export type ToPage =
  | { type: 'model'; name: string; answer: ModelAnswer }
  | { type: 'status'; status: Status }
  | { type: 'here'; here: PlaceAnswer }
  | { type: 'nothing'; reason: string };

export type FromPage =
  | { type: 'ready' }
  | { type: 'reveal'; uri: string; range: Range; focus: boolean }
  | { type: 'save'; name: string; kind: 'svg' | 'png'; data: string };
