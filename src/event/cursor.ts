/** The id of the last event that a reader has. Opaque: only the substrate that gave it can read it. */
export type Cursor = string;

/** The cursor before the first event, in the run engine's logs. */
export const START_CURSOR: Cursor = "0";
