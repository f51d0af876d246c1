import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { extrasSource } from "../../src/script/guest/extras-source.generated.ts";
import { guestModule } from "../../src/script/guest/guest-module.generated.ts";
import { guestModules } from "../../src/script/guest/guest-modules.ts";
import { packageJson, projectFolder } from "../package/entries.ts";
import { version } from "../../src/inference/index.ts";
import { bundleGuest } from "./bundle-guest.ts";
import { withScript } from "./script-support.ts";

// It is parsed for every context that imports it; the extras are read as one text, and parsed when the first is needed.
const MAX_GUEST_BYTES = 20_000;
const MAX_EXTRAS_BYTES = 8_500;

it("what is generated is what the sources make now; if not, run `npm run generate`", async () => {
  for (const { path, text } of await bundleGuest()) {
    expect(readFileSync(projectFolder + path, "utf8") === text, `${path} is stale`).toBe(true);
  }
});

it("the module that scripts import keeps within its size, and so do its extras", () => {
  const bytes = (text: string): number => new TextEncoder().encode(text).length;
  expect(bytes(guestModule)).toBeLessThanOrEqual(MAX_GUEST_BYTES);
  expect(bytes(extrasSource)).toBeLessThanOrEqual(MAX_EXTRAS_BYTES);
});

describe("the extras", () => {
  const parts = {
    session: `createSession({ engine: engines.echo(), middlewares: [middlewares.fromJS((turn, next) => next(turn))] })
      .run(turns.newTurn({ blocks: [turns.newUserBlock("x")] })).blocks.length`,
    plainTool: `tools.createRegistry().register({ name: "a", handler: () => 2 }).call("a")`,
    schema: `tools.createRegistry().register({ name: "a", parameters: {}, handler: () => 3 }).call("a")`,
    systemPrompt: `middlewares.systemPrompt("x").name`,
    builder: `typeof createBuilder().withEngine(engines.echo()).buildSession().run`,
  };
  const found = async (extras?: string): Promise<Record<string, unknown>> => {
    const modules = await guestModules({ engines: [], resolvesEngines: false, tools: [] });
    const list = Object.entries(parts).map(([name, code]) => `${name}: () => ${code}`);
    const source = `import { createBuilder, createSession, engines, middlewares, tools, turns } from "turnwire";
      const parts = { ${list.join()} };
      export default (name) => { try { return parts[name](); } catch (error) { return error.message; } };`;
    const answers: Record<string, unknown> = {};
    await withScript(
      source,
      async (script) => {
        for (const name of Object.keys(parts)) answers[name] = await script.call("default", [name]);
      },
      { open: { modules: { ...modules, ...(extras === undefined ? {} : { "turnwire:extras": extras }) } } },
    );
    return answers;
  };

  it("are parsed when a script first needs one, and not before", async () => {
    const right = { session: 2, plainTool: 2, schema: 3, systemPrompt: "systemPrompt", builder: "function" };
    expect(await found()).toEqual(right);
    const marked = `export default "give => { throw new Error('parsed') }";`;
    expect(await found(marked)).toEqual({ ...right, schema: "parsed", systemPrompt: "parsed", builder: "parsed" });
  });

  it("cannot be replaced by what a script has made of eval", async () => {
    const modules = await guestModules({ engines: [], resolvesEngines: false, tools: [] });
    const source = `import { tools } from "turnwire";
      globalThis.eval = () => (give) => give({ compileSchema: () => () => "forged" });
      export default () => tools.createRegistry().register({ name: "a", parameters: {}, handler: () => 1 }).call("a");`;
    await withScript(source, async (script) => expect(await script.call("default")).toBe(1), { open: { modules } });
  });
});

it("the core knows the package's version", () => {
  expect(version).toBe((packageJson as unknown as { readonly version: string }).version);
});
