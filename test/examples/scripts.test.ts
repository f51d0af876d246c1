import { readdirSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { createTurnClient, type TurnStream } from "turnwire/client";
import { tools, turns } from "turnwire/inference";
import routes, { engine as agents, runtime } from "../../examples/scripts/agent-behind-routes.ts";
import { openSession } from "../../examples/scripts/session-with-script-parts.ts";
import packageJson from "../../package.json" with { type: "json" };
import tenants, { engine as tenantsEngine } from "../../examples/scripts/two-tenants.ts";

afterAll(async () => {
  await Promise.all([agents.stop({ graceMs: 0 }), tenantsEngine.stop({ graceMs: 0 })]);
  await runtime.close({ graceMs: 0 });
});

const clientOf = (app: typeof routes, token = "") =>
  createTurnClient({
    baseUrl: "http://localhost",
    headers: { authorization: `Bearer ${token}` },
    fetch: async (input, init) => app.fetch(new Request(input, init)),
  });

let turnIndex = 0;
const ask = (agent: string, message: string): TurnStream =>
  clientOf(routes).start({ sessionId: "s", turnIndex: turnIndex++, message, agent });

/** The data of all events of a type, once the turn is over. */
async function dataOf(turn: TurnStream, type: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const event of turn) if (event.type === type) found.push(event.data);
  return found;
}

async function decide(turn: TurnStream, how: (approvalId: string) => Promise<void>): Promise<unknown> {
  let asked: unknown;
  for await (const { type, data } of turn) {
    if (type !== "approval.requested") continue;
    asked = data;
    await how(String(data?.["approvalId"]));
  }
  return asked;
}

it("examples/scripts import what is public, and each other", () => {
  const folder = new URL("../../examples/scripts/", import.meta.url);
  const files = (readdirSync(folder, { recursive: true }) as string[]).filter((file) => /\.(js|ts)$/.test(file));
  const imports = files.flatMap((file) =>
    [...readFileSync(new URL(file, folder), "utf8").matchAll(/from "([^"]+)"/g)].map(([, name = ""]) => [file, name]),
  );
  const known = Object.keys(packageJson.exports).map((subpath) => `turnwire${subpath.slice(1)}`);
  const isRight = (file: string, name: string): boolean =>
    file.endsWith(".js") ? name === "turnwire" : known.includes(name) || /^(\.\/[\w-]+\.ts|node:fs)$/.test(name);
  expect(files.length).toBeGreaterThan(10);
  expect(imports.filter(([file = "", name = ""]) => !isRight(file, name))).toEqual([]);
});

describe("examples/scripts: agents behind the routes", () => {
  it("echo", async () => {
    expect(await ask("echo", "Hello there").finished).toMatchObject({ status: "completed", finalText: "Hello there" });
  });

  it("tools-with-approval: its own tool at once, the product's when it was approved", async () => {
    const turn = ask("tools-with-approval", "Ada");
    const asked = await decide(turn, (id) => turn.approve(id));
    expect(asked).toMatchObject({ toolName: "sendMail", input: { to: "ada@example.com" } });
    const finalText = "May I write to ada@example.com? Mail to ada@example.com is on its way";
    expect(await turn.finished).toMatchObject({ status: "completed", finalText });
  });

  it("tools-with-approval: as it was edited, and not when it was rejected", async () => {
    const edited = ask("tools-with-approval", "Grace");
    await decide(edited, (id) => edited.edit(id, { to: "bob@example.com" }));
    expect((await edited.finished).finalText).toMatch("Mail to bob@example.com is on its way");
    const rejected = ask("tools-with-approval", "Nobody");
    await decide(rejected, (id) => rejected.reject(id));
    expect((await rejected.finished).finalText).toBe("May I write to info@example.com? Then I will not.");
  });

  it("tags-and-events: the product's tags and its own, on every event", async () => {
    const turn = ask("tags-and-events", "Hi");
    const tags = { plan: "pro", topic: "greeting" };
    const text = "Good day, and thank you.";
    expect(await dataOf(turn, "status")).toEqual([
      { status: "started", tags },
      { status: "done", text, tags },
    ]);
    expect((await turn.finished).finalText).toBe(text);
  });

  it("progress-listener: each step, in order, beside the answer", async () => {
    const turn = ask("progress-listener", "How much is it?");
    const steps = ["start", "tool-call", "tool-call-execute", "tool-call-execution-result", "tool-result", "final"];
    expect(await dataOf(turn, "progress")).toEqual(steps.map((what, at) => ({ step: at + 1, what })));
    expect((await turn.finished).finalText).toBe("It is 42.");
  });
});

describe("examples/scripts: parts of a product's session", () => {
  const seed = (text: string) => turns.newTurn({ blocks: [turns.newUserBlock(text)] });

  it("redacting-middleware: neither the model nor the reader sees a long number", async () => {
    const seen: unknown[] = [];
    const { session, close } = await openSession((turn) => {
      seen.push(turn.blocks[0]?.payload?.["text"]);
      turn.blocks.push(turns.newAssistantBlock("Your account is 998877"));
    }, tools.createRegistry());
    const answer = await session.runAsync(seed("Card 123456 please"));
    expect(seen).toEqual(["Card [number] please"]);
    expect(answer.blocks.at(-1)?.payload).toEqual({ text: "Your account is [number]" });
    await close();
  });

  it("retry-hook: a failing tool again with growing waits, and no longer than that; a wrong request never", async () => {
    let tries = 0;
    let failures = 2;
    const registry = tools.createRegistry().register({
      name: "fetch",
      parameters: { type: "object", required: ["url"] },
      handler: () => {
        tries += 1;
        if (tries <= failures) throw new Error("no route to host");
        return "found";
      },
    });
    let args: object = { url: "x" };
    const { session, close } = await openSession((turn) => {
      const isDone = turn.blocks.some(({ kind }) => kind === "tool_use");
      turn.blocks.push(isDone ? turns.newAssistantBlock("ok") : turns.newToolCallBlock("c", "fetch", args));
    }, registry);
    const result = async (): Promise<unknown> => {
      const answer = await session.runAsync(seed("go"));
      return answer.blocks.find(({ kind }) => kind === "tool_use")?.payload;
    };
    expect([await result(), tries]).toEqual([{ id: "c", result: "found" }, 3]);
    [tries, failures] = [0, 99];
    await expect(result()).rejects.toThrow("gave up after 4 tries");
    expect(tries).toBe(4);
    [tries, args] = [0, {}];
    expect([await result(), tries]).toEqual([{ id: "c", error: expect.stringMatching("refuses") as string }, 0]);
    await close();
  });
});

describe("examples/scripts: two tenants", () => {
  it("answers each tenant with its own script: redacted, and with an approval", async () => {
    const acme = clientOf(tenants, "acme").start({ sessionId: "s", turnIndex: 0, message: "Card 123456 please" });
    expect((await acme.finished).finalText).toBe("Card [number] please");

    const globex = clientOf(tenants, "globex").start({ sessionId: "s", turnIndex: 0, message: "Mail her" });
    await decide(globex, (id) => globex.approve(id));
    expect(await globex.finished).toMatchObject({
      status: "completed",
      finalText: "I need your word first. Mail to ada@example.com is on its way",
    });
  });

  it("lets nobody in without a tenant", async () => {
    const response = await tenants.fetch(new Request("http://localhost/turns", { method: "POST", body: "{}" }));
    expect(response.status).toBe(401);
  });
});
