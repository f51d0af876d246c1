import { readdirSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { currentSurface, readSnapshot, snapshotFile, snapshotFolder } from "./api-snapshot.ts";
import { describeSurface } from "./api-surface.ts";
import { requireFreshBuild } from "./built.ts";
import { entries, projectFolder } from "./entries.ts";

describe("the public surface", () => {
  beforeAll(requireFreshBuild);

  it.each(entries)("of $name is what its snapshot says", (entry) => {
    expect(currentSurface(entry), "If the change is meant, `npm run api:update` writes it down").toBe(
      readSnapshot(entry),
    );
  });

  it("has no snapshot of an entry that is gone", () => {
    const known = entries.map((entry) => snapshotFile(entry).replace(`${snapshotFolder}/`, ""));
    expect(readdirSync(`${projectFolder}${snapshotFolder}`).sort()).toEqual(known.sort());
  });
});

describe("describeSurface", () => {
  const surface = (files: Readonly<Record<string, string>>): string =>
    describeSurface("dist/index.d.ts", (file) => {
      const code = files[file];
      if (code === undefined) throw new Error(`Asked for ${file}`);
      return code;
    });

  it("follows re-exports, renames and stars to the declarations", () => {
    const text = surface({
      "dist/index.d.ts":
        'export { a as b } from "./a.js";\nexport * from "./deep/c.js";\nexport type { D } from "./a.js";',
      "dist/a.d.ts":
        "/** Adds. */\nexport declare function a(x: number): number;\nexport declare function a(x: string): string;\n" +
        'import type { D } from "./deep/c.js";\nexport type { D };',
      "dist/deep/c.d.ts":
        "export declare const c: 1;\nexport interface D {\n    /** A field. */\n    d: string; // why\n}",
    });
    expect(text).toBe(
      [
        "// D, b, c\n",
        "interface D {\n    d: string;\n}\n",
        "function a(x: number): number; (as b)\nfunction a(x: string): string; (as b)\n",
        "const c: 1;\n",
      ].join("\n"),
    );
  });

  it("shows what exported declarations lean on, however deep, once", () => {
    const text = surface({
      "dist/index.d.ts":
        'import type { Hidden } from "./hidden.js";\nimport type { Far } from "far";\n' +
        "export declare class A implements Hidden { [KEY]: Hidden; far: Far }\ndeclare const KEY: unique symbol;",
      "dist/hidden.d.ts": "export interface Hidden { deeper: typeof deeper }\nexport declare const deeper: Hidden;",
    });
    const hidden = text.split("// Not exported, but part of what is:\n")[1] ?? "";
    expect(hidden.match(/interface Hidden|const deeper|const KEY/g)?.sort()).toEqual([
      "const KEY",
      "const deeper",
      "interface Hidden",
    ]);
  });

  it("leaves out comments, but not what looks like one", () => {
    const code = 'export interface A {\n  // why\n  /* because */\n  a: "https://x/*"; // so\n}';
    expect(surface({ "dist/index.d.ts": code })).toBe('// A\n\ninterface A {\n  a: "https://x/*";\n}\n');
  });

  it("changes when a hidden declaration changes", () => {
    const files = (type: string): Record<string, string> => ({
      "dist/index.d.ts": `type Hidden = ${type};\nexport interface A { a: Hidden }`,
    });
    expect(surface(files("1"))).not.toBe(surface(files("2")));
  });
});
