import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bundle } from "./bundle-entry.ts";
import { entries, projectFolder } from "./entries.ts";
import { findNodeGlobals } from "./find-node-globals.ts";

const portable = entries.filter(({ name }) => ["turnwire", "turnwire/wire", "turnwire/client"].includes(name));

describe("the core, wire and client", () => {
  it("are all looked at", () => {
    expect(portable).toHaveLength(3);
  });

  it.each(portable)("$name reaches no import but its own and no global of Node's", async ({ source }) => {
    const { code, externals } = await bundle(source, { minify: false });
    expect(externals).toEqual([]);
    expect(findNodeGlobals(code)).toEqual([]);
  });
});

describe("findNodeGlobals", () => {
  it.each([
    "process.env.X;",
    "const x = typeof Buffer;",
    "f(global);",
    'const fs = require("fs");',
    "export const here = __dirname;",
    "setImmediate(() => {});",
    "globalThis.process.exit();",
    'globalThis["process"];',
    "self.Buffer;",
    "({ process });",
    "a[process];",
  ])("finds %s", (code) => {
    expect(findNodeGlobals(code)).not.toEqual([]);
  });

  it.each([
    "job.process();",
    "({ process: 1 });",
    "class A { global() {} }",
    "// process",
    '"process";',
    "setTimeout(f);",
  ])("lets %s pass", (code) => {
    expect(findNodeGlobals(code)).toEqual([]);
  });
});

describe("src/tsconfig.json", () => {
  const folder = `${projectFolder}.cache/no-node`;
  const compile = (code: string): string => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/canary.ts`, code);
    const options = { rootDir: ".", noEmit: true };
    const config = { extends: "../../src/tsconfig.json", compilerOptions: options, include: ["canary.ts"] };
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
    const tsc = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", folder], {
      cwd: projectFolder,
      encoding: "utf8",
      timeout: 60_000,
    });
    return tsc.stdout + tsc.stderr;
  };

  it("compiles a module that needs the Web only", () => {
    expect(compile("export const now: number = Date.now(); setTimeout(() => console.log(now), 1);")).toBe("");
  });

  it.each(["process.exit();", "Buffer.from([]);", "setImmediate(() => undefined);", 'import "node:fs";'])(
    "does not compile %s",
    (code) => {
      expect(compile(`${code}\nexport {};`)).toMatch(/canary\.ts\(1,.*error TS/);
    },
  );
});
