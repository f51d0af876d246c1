import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkLayers, type Sources } from "./check-layers.ts";
import { packageJson, projectFolder } from "./entries.ts";
import { findImports } from "./find-imports.ts";

const packages = [
  ...Object.keys({ ...packageJson.dependencies, ...packageJson.peerDependencies }),
  ...Object.keys(packageJson.imports ?? {}).map((name) => name.split("/")[0] ?? name),
];

function readSources(): Sources {
  const files = readdirSync(`${projectFolder}src`, { recursive: true, encoding: "utf8" });
  const modules = files.filter((file) => file.endsWith(".ts")).map((file) => file.replaceAll("\\", "/"));
  return Object.fromEntries(modules.map((file) => [file, readFileSync(`${projectFolder}src/${file}`, "utf8")]));
}

it("src/ keeps the rules of the house", () => {
  expect(checkLayers(readSources(), packages)).toEqual([]);
});

describe("findImports", () => {
  it("finds every way to name a module, and nothing in comments and strings", () => {
    const code = `
      import a from "./a.ts"; import type { B } from "./b.ts"; import { type C } from "./c.ts"; import "./d.ts";
      export * from "./e.ts"; export * as e from "./f.ts"; export { g } from "./g.ts"; export type { H } from "./h.ts";
      const i = await import("./i.ts"); type J = import("./j.ts").J; type K = typeof import("./k.ts");
      function l(value: import("./l.ts").L[]): value is import("./m.ts").M[] { return true }
      import n = require("./n.ts"); export type * from "./o.ts"; await import(i);
      // import "./comment.ts"
      const text = 'import "./string.ts"' + \`import "./template.ts" \${await import("./p.ts")}\`; const x = /import ".r.ts"/;
      export { a }; export const y = 1; import.meta.url;`;
    const names = findImports(code, "x.ts").map(({ specifier }) => specifier?.replace(/^\.\/|\.ts$/g, ""));
    expect(names.map(String).sort()).toEqual([..."abcdefghijklmnop".split(""), "undefined"]);
  });

  it("tells the line", () => {
    expect(findImports('\n\nimport "./a.ts";', "x.ts")).toEqual([{ specifier: "./a.ts", line: 3 }]);
  });
});

describe("checkLayers", () => {
  const base: Sources = {
    "errors.ts": "export class E {}",
    "internal/clock.ts": "export interface Clock {}",
    "event/turn-event.ts": 'import { E } from "../errors.ts"; export type T = E;',
    "wire/ndjson.ts":
      'import type { T } from "../event/turn-event.ts"; import type { Clock } from "../internal/clock.ts";',
    "substrate/port.ts": 'import type { T } from "../event/turn-event.ts"; export type P = T;',
    "substrate/conformance/index.ts": 'import type { P } from "../port.ts";',
    "turn/run-turn.ts": 'import "../wire/ndjson.ts"; import "../substrate/port.ts";',
    "client/index.ts": 'import "../wire/ndjson.ts"; import "../errors.ts";',
    "script/vm/start.ts": 'import { spawn } from "node:child_process"; import "../owner/queue.ts";',
    "script/owner/queue.ts": 'import "../guest/core.ts";',
    "script/guest/core.ts": "",
    "sqlite/node-driver.ts": 'import { DatabaseSync } from "node:sqlite";',
    "http/index.ts": 'import { Hono } from "hono"; import { z } from "zod/v4"; import "@tangle-network/sandbox";',
    "index.ts": 'export * from "./turn/run-turn.ts"; export * from "./errors.ts";',
  };
  const check = (more: Sources): string[] => checkLayers({ ...base, ...more }, packages);

  it("has nothing against a house in order", () => {
    expect(check({})).toEqual([]);
  });

  it.each<[string, Sources, RegExp]>([
    [
      "an upward import",
      { "event/x.ts": 'import "../wire/ndjson.ts";' },
      /event\/x\.ts:1: .* goes up, from event to wire/,
    ],
    ["an upward type", { "event/x.ts": 'import type { X } from "../wire/ndjson.ts";' }, /goes up/],
    ["an upward import() type", { "event/x.ts": 'type X = import("../turn/run-turn.ts").X;' }, /goes up/],
    ["an upward dynamic import", { "wire/x.ts": 'await import("../turn/run-turn.ts");' }, /goes up/],
    ["an upward re-export", { "wire/x.ts": 'export * from "../index.ts";' }, /goes up, from wire to turn/],
    ["layer 0 upwards", { "internal/x.ts": 'import type { T } from "../event/turn-event.ts";' }, /goes up/],
    ["a sideways import", { "wire/x.ts": 'import type { P } from "../substrate/port.ts";' }, /goes sideways/],
    [
      "a sideways import by the client",
      { "client/x.ts": 'import "../index.ts";' },
      /goes sideways, from client to turn/,
    ],
    [
      "the client and the substrate",
      { "client/x.ts": 'import "../substrate/port.ts";' },
      /client may import event, wire/,
    ],
    [
      "a circle in layer 0",
      { "errors.ts": 'import "./internal/clock.ts";', "internal/x.ts": 'import "../errors.ts";' },
      /in a circle: errors\.ts → internal → errors\.ts/,
    ],
    ["an unknown folder", { "utils/x.ts": "" }, /the folder utils has no layer/],
    ["an unknown file at the top", { "helpers.ts": "" }, /the folder helpers\.ts has no layer/],
    ["a specifier without .ts", { "wire/x.ts": 'import "./ndjson";' }, /must end in \.ts/],
    ["a specifier with .js", { "wire/x.ts": 'import "./ndjson.js";' }, /must end in \.ts/],
    ["a module that is not there", { "wire/x.ts": 'import "./no.ts";' }, /is no module of src/],
    ["a path out of src", { "wire/x.ts": 'import "../../test/x.ts";' }, /is no module of src/],
    ["node: in the core", { "turn/x.ts": 'import "node:fs";' }, /"node:fs" may be imported in/],
    ["node: as a type", { "run/x.ts": 'import type { X } from "node:fs";' }, /may be imported in/],
    ["node: elsewhere in script", { "script/owner/x.ts": 'import "node:fs";' }, /may be imported in/],
    ["node: in a second file", { "sqlite/x.ts": 'import "node:fs";' }, /only one file may import node:/],
    ["a schema library in the core", { "turn/x.ts": 'import { z } from "zod";' }, /turn imports no packages/],
    ["a package that is not declared", { "http/x.ts": 'import "express";' }, /not declared in package\.json/],
    ["a built-in without its prefix", { "http/x.ts": 'import "fs";' }, /not declared/],
    ["a computed import", { "turn/x.ts": "await import(name);" }, /computed/],
  ])("refuses %s", (_, more, message) => {
    expect(check(more).join("\n")).toMatch(message);
  });
});
