// The table of folders and layers, as data. It also lists folders that are still to come, so that they find their place.

export interface Room {
  readonly layer: number;
  /** Where a folder may import less than the layers below it: these, and layer 0. */
  readonly only?: readonly string[];
  /** Whether packages may be imported; then those that package.json declares. */
  readonly packages?: true;
}

/** By folder of `src/`; `errors.ts` and `index.ts` stand beside the folders. */
export const house: Readonly<Record<string, Room>> = {
  "errors.ts": { layer: 0 },
  internal: { layer: 0 },
  event: { layer: 1 },
  wire: { layer: 2 },
  substrate: { layer: 2 },
  turn: { layer: 3 },
  client: { layer: 3, only: ["event", "wire"] },
  agent: { layer: 3 },
  inference: { layer: 3, packages: true },
  run: { layer: 4, packages: true },
  sandbox: { layer: 4, packages: true },
  script: { layer: 4, packages: true },
  sqlite: { layer: 5, packages: true },
  cloudflare: { layer: 6, packages: true },
  http: { layer: 7, packages: true },
};

/** Files at the top of `src/` that count as part of a folder. */
export const partOf: Readonly<Record<string, string>> = { "index.ts": "turn" };

/** The places that may import Node's built-in modules, one file in each: the SQLite driver, and what starts a child. */
export const nodePlaces: readonly string[] = ["sqlite/", "script/vm/"];
