import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { guestModules } from "../../src/script/guest/guest-modules.ts";
import * as guest from "../../src/script/guest/index.ts";
import { projectFolder } from "../package/entries.ts";
import { withScript } from "./script-support.ts";

const folder = `${projectFolder}.cache/guest-types`;

/** What the type checker says of a script, as its author would run it. */
function check(script: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/script.js`, script);
  const compilerOptions = {
    allowJs: true,
    checkJs: true,
    noEmit: true,
    rootDir: "../..",
    paths: { turnwire: ["../../src/script/guest/index.ts"] },
  };
  writeFileSync(
    `${folder}/tsconfig.json`,
    JSON.stringify({ extends: "../../tsconfig.json", compilerOptions, include: ["script.js"] }),
  );
  const tsc = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", folder], {
    cwd: projectFolder,
    encoding: "utf8",
    timeout: 60_000,
  });
  return tsc.stdout + tsc.stderr;
}

const script = (body: string): string => `
import { createSession, turns, consts } from "turnwire";
/** @type {import("turnwire").ScriptAnswer} */
const answer = async (turn, ctx) => { ${body} };
export default answer;
`;

describe("types for script authors", () => {
  it("a right script passes", () => {
    const body = `
      if (turn.resume) return turn.resume.decision;
      const session = createSession({ engine: ctx.engines["model"] ?? (() => undefined), tools: ctx.tools });
      const seed = turns.newTurn({ blocks: [{ kind: consts.BlockKind.USER, payload: { text: String(turn.message) } }] });
      await ctx.forward(session.start(seed).on("partial", ({ delta }) => void ctx.text(delta.trim())));
      return ctx.requestApproval({ toolName: "send", input: {} });`;
    expect(check(script(body))).toBe("");
  }, 60_000);

  it.each([
    ["await ctx.txt('a');", "txt"],
    ["return turn.mesage;", "mesage"],
    [
      "createSession({ engine: ctx.engines.model ?? (() => undefined), toolLoop: { maxIteration: 1 } });",
      "maxIteration",
    ],
    ["createSession({ engine: () => undefined }).start().on('finale', () => 0);", "finale"],
  ])(
    "a wrong field is found: %s",
    (body, word) => {
      expect(check(script(body))).toMatch(new RegExp(`error TS.*${word}`));
    },
    60_000,
  );

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
});
