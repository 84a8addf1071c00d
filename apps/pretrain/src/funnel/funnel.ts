/** A document that was left out, as people look at it. */
export interface FunnelSample {
  id: string;
  url?: string;
  /** The beginning of its text; empty where there was none yet. */
  text: string;
  /** What was measured, what it was compared with, and more in words. */
  value?: number | string;
  limit?: number | string;
  message?: string;
}

/** Documents that a step left out for one reason. */
export interface FunnelReason {
  reason: string;
  documents: number;
  samples: FunnelSample[];
}

/** One step: what went in, what came out, and why the rest did not. */
export interface FunnelStage {
  step: string;
  in: number;
  out: number;
  /** The commonest first. */
  reasons: FunnelReason[];
}

/** The way of all documents of a run, sources or crawls added up. */
export interface Funnel {
  name: string;
  sources: { name: string; read: number; kept: number }[];
  read: number;
  kept: number;
  stages: FunnelStage[];
}
