import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { guestModules } from "../../src/script/guest/guest-modules.ts";
import * as guest from "../../src/script/guest/index.ts";
import { requireFreshBuild } from "../package/built.ts";
import { projectFolder } from "../package/entries.ts";
import { withScript } from "./script-support.ts";

// What script authors get: the compiler on their scripts, in a folder of theirs, with the package as it is installed.

const RIGHT = `
  if (turn.resume) return turn.resume.decision;
  const session = createSession({ engine: ctx.engines["model"] ?? (() => undefined), tools: ctx.tools });
  const seed = turns.newTurn({ blocks: [{ kind: consts.BlockKind.USER, payload: { text: turn.text } }] });
  await ctx.forward(session.start(seed).on("partial", ({ delta }) => void ctx.text(delta.trim())));
  const stop = AbortSignal.any([ctx.signal, AbortSignal.timeout(1_000)]);
  console.log(crypto.randomUUID(), structuredClone({ aborted: stop.aborted }), setTimeout(() => {}, 1));
  return ctx.requestApproval({ toolName: "send", input: {} });`;

/** Mistakes by the word that the compiler must complain about. */
const WRONG: Readonly<Record<string, string>> = {
  txt: "await ctx.txt('a');",
  mesage: "return turn.mesage;",
  knd: "turns.newTurn({ blocks: [{ knd: 'user' }] });",
  usr: "turns.newTurn({ blocks: [{ kind: 'usr' }] });",
  detla: "createSession({ engine: () => undefined }).start().on('partial', ({ detla }) => detla);",
  finale: "createSession({ engine: () => undefined }).start().on('finale', () => 0);",
  maxIteration: "createSession({ engine: () => undefined, toolLoop: { maxIteration: 1 } });",
  beforeTool: "createSession({ engine: () => undefined, toolHooks: { beforeTool: () => undefined } });",
  USERS: "return consts.BlockKind.USERS;",
  // Of the package as programs import it, which scripts cannot.
  handleChatTurn: "return (await import('turnwire')).handleChatTurn;",
};

const IMPORTS = 'import { consts, createSession, turns } from "turnwire";';
const inJavaScript = (body: string): string => `${IMPORTS}
/** @type {import("turnwire").ScriptAnswer} */
export default async (turn, ctx) => { ${body}
  void [consts, createSession, turns]; };
`;
const inTypeScript = (body: string): string => `${IMPORTS}
import type { ScriptAnswer } from "turnwire";
const answer: ScriptAnswer = async (turn, ctx) => { ${body}
  void [consts, createSession, turns]; };
export default answer;
`;

const folder = mkdtempSync(join(tmpdir(), "script-author-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const compilerOptions = {
  strict: true,
  allowJs: true,
  checkJs: true,
  noEmit: true,
  target: "ES2023",
};

/** The two ways for an author to ask for the types. */
const forms = {
  "a line of tsconfig.json": {
    options: { module: "NodeNext", types: ["turnwire/script/guest"], lib: ["ES2023"], skipLibCheck: true },
    firstLine: "",
  },
  "a line at the head of a script": {
    // The libraries of a browser, which declare many of the same globals.
    options: { module: "ESNext", moduleResolution: "Bundler", types: [], lib: ["ES2023", "DOM"], skipLibCheck: false },
    firstLine: '/// <reference types="turnwire/script/guest" />\n',
  },
} as const;

/** What the compiler says of scripts, by file. */
function check(
  name: keyof typeof forms,
  scripts: Readonly<Record<string, string>>,
  more: object = {},
): Map<string, string[]> {
  const { options, firstLine } = forms[name];
  const project = mkdtempSync(join(folder, "project-"));
  mkdirSync(join(project, "node_modules"));
  symlinkSync(projectFolder, join(project, "node_modules/turnwire"));
  symlinkSync(join(projectFolder, "node_modules/@types"), join(project, "node_modules/@types"));
  writeFileSync(
    join(project, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { ...compilerOptions, ...options, ...more } }),
  );
  // Each file is a module by its import, also where no package.json says so.
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
  for (const [file, text] of Object.entries(scripts)) writeFileSync(join(project, file), firstLine + text);
  const program = join(projectFolder, "node_modules/typescript/bin/tsc");
  const { stdout, stderr } = spawnSync(process.execPath, [program, "-p", project, "--pretty", "false"], {
    cwd: project,
    encoding: "utf8",
    timeout: 60_000,
  });
  expect(stderr).toBe("");
  const found = new Map<string, string[]>();
  for (const line of stdout.split("\n").filter((one) => /^\S/.test(one))) {
    const file = /^([^(]+)\(\d/.exec(line)?.[1] ?? line;
    found.set(file, [...(found.get(file) ?? []), line]);
  }
  return found;
}

const examples = "examples/scripts";
const exampleScripts = (readdirSync(projectFolder + examples, { recursive: true }) as string[]).filter((file) =>
  file.endsWith(".js"),
);

describe("types for script authors", () => {
  beforeAll(requireFreshBuild);

  describe.each(Object.keys(forms) as (keyof typeof forms)[])("by %s", (form) => {
    it("right scripts pass, in JavaScript and in TypeScript, the examples among them", () => {
      const scripts = Object.fromEntries(
        exampleScripts.map((file) => [
          file.replaceAll("/", "-"),
          readFileSync(`${projectFolder}${examples}/${file}`, "utf8"),
        ]),
      );
      expect(Object.keys(scripts).length).toBeGreaterThanOrEqual(8);
      const own = {
        "right.js": inJavaScript(RIGHT),
        "right.mjs": inJavaScript(RIGHT),
        "right.ts": inTypeScript(RIGHT),
      };
      expect([...check(form, { ...scripts, ...own })]).toEqual([]);
    }, 60_000);

    it("a wrong field is found: of a block, an event, a hook, a setting, the turn, the context", () => {
      const scripts = Object.entries(WRONG).flatMap(([word, body]) => [
        [`${word}.js`, inJavaScript(body)],
        [`${word}-ts.ts`, inTypeScript(body)],
      ]);
      const found = check(form, Object.fromEntries(scripts) as Record<string, string>);
      for (const word of Object.keys(WRONG)) {
        for (const file of [`${word}.js`, `${word}-ts.ts`]) {
          expect(found.get(file) ?? [], file).toEqual([expect.stringMatching(`error TS.*\\b${word}\\b`)]);
        }
      }
      expect(found.size).toBe(scripts.length);
    }, 60_000);
  });

  it("with the language's library alone, what scripts do not have is not there", () => {
    const found = check("a line of tsconfig.json", { "far.js": inJavaScript("await fetch('x'); document.title;") });
    expect(found.get("far.js")).toEqual([
      expect.stringMatching("Cannot find name 'fetch'"),
      expect.stringMatching("Cannot find name 'document'"),
    ]);
  }, 60_000);

  it("stand beside Node's own", () => {
    const types = ["node", "turnwire/script/guest"];
    const scripts = { "right.js": inJavaScript(RIGHT), "right.ts": inTypeScript(RIGHT) };
    expect([...check("a line of tsconfig.json", scripts, { types })]).toEqual([]);
  }, 60_000);

  it("the project's own check of the examples is as strict", () => {
    const project = mkdtempSync(join(folder, "own-"));
    cpSync(projectFolder + examples, join(project, examples), { recursive: true });
    const declarations = "src/script/guest";
    cpSync(projectFolder + declarations, join(project, declarations), { recursive: true });
    const tsc = (): string =>
      spawnSync(
        process.execPath,
        [join(projectFolder, "node_modules/typescript/bin/tsc"), "-p", join(project, examples)],
        { cwd: project, encoding: "utf8", timeout: 60_000 },
      ).stdout;
    expect(tsc()).toBe("");
    const file = join(project, examples, "echo.js");
    writeFileSync(file, readFileSync(file, "utf8").replace("ctx.forward", "ctx.foward"));
    expect(tsc()).toMatch(/echo\.js.*foward/);
  }, 60_000);

  it("what it declares is what the module has", async () => {
    const modules = await guestModules({ engines: [], resolvesEngines: false, tools: [] });
    const source = "import * as all from 'turnwire'; export default () => Object.keys(all).sort();";
    await withScript(
      source,
      async (opened) => {
        expect(await opened.call("default")).toEqual(Object.keys(guest).sort());
      },
      { open: { modules } },
    );
  });

  it("the globals that it declares are those that scripts have beside the language's", async () => {
    const text = readFileSync(`${projectFolder}src/script/guest/script-globals.d.ts`, "utf8");
    const declared = [...text.matchAll(/^declare (?:var|function) (\w+)/gm)].map(([, name]) => name ?? "");
    const language = runInNewContext("Object.getOwnPropertyNames(globalThis)") as string[];
    await withScript("export default () => Object.getOwnPropertyNames(globalThis);", async (opened) => {
      const own = ((await opened.call("default")) as string[]).filter((name) => !language.includes(name));
      // Of the engine: its error for its own limits, and a name for its own tests.
      const ofEngine = ["InternalError", "console"];
      expect([...own.filter((name) => !ofEngine.includes(name)), "console"].sort()).toEqual(declared.sort());
    });
  });
});
