// What the server says and takes beyond the protocol; see Contracts in keras_lsp/ARCHITECTURE.md.

export type ReplayState = 'static' | 'building' | 'ready' | 'failed' | 'unavailable';

export interface StatusParams {
  uri: string;
  state: ReplayState;
  reason: string; // why there is no current report; '' when there is one
  summary: string; // a few words: 'Keras 3.15.0'
}

export interface RuleSummary {
  code: string;
  slug: string;
  why: string;
}

export interface LayerData {
  className: string;
  kind: string;
  isUserClass: boolean;
  guess: string; // the input that was guessed, as a pin spells it
  inputs: string[];
  projectedFrom: string;
}

export interface ModelData {
  replay: { layers: LayerData[]; here: number[] } | null;
}

export const STATUS = 'kerasLsp/status';
export const TRUST = 'kerasLsp/trust';
export const MODEL = 'kerasLsp/model';
