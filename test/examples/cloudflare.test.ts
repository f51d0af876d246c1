import { mkdtempSync, rmSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTurnClient } from "turnwire/client";
import { type RunningWorker, startWorker } from "../support/start-worker.ts";
import { runCommand } from "../gate/run-command.ts";
import { projectFolder } from "../package/entries.ts";

// The Worker of wrangler.toml, as it would be deployed: in a real workerd, with its storage in a folder.

const config = new URL("../../wrangler.toml", import.meta.url);

describe("examples/cloudflare", { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "turnwire-cloudflare-"));
  let worker: RunningWorker;
  const clientOf = (): ReturnType<typeof createTurnClient> =>
    createTurnClient({ baseUrl: new URL("/api", worker.url).href });

  beforeAll(async () => {
    worker = await startWorker(config, folder);
  }, 60_000);
  afterAll(async () => {
    await worker.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it("answers with plain agents and with a tenant's script", async () => {
    const ask = (agent: string, sessionId: string, turnIndex: number) =>
      clientOf().start({ sessionId, turnIndex, message: "Hello", agent }).finished;
    expect((await ask("plain", "thread-1", 0)).finalText).toBe(
      "You said “Hello”. This is where our conversation begins.",
    );
    expect((await ask("plain", "thread-1", 1)).finalText).toBe("You said “Hello”. Before that you said “Hello”.");
    expect((await ask("script", "thread-2", 0)).finalText).toBe("A tenant's own script answers: HELLO ");
    expect(await ask("fails", "thread-3", 0)).toMatchObject({ status: "failed" });
  });

  it("waits for a person, and goes on with the decision", async () => {
    const turn = clientOf().start({ sessionId: "thread-4", turnIndex: 0, message: "Make room", agent: "approval" });
    for await (const event of turn) {
      if (event.type === "approval.requested") await turn.approve(String(event.data?.["approvalId"]));
    }
    expect((await turn.finished).finalText).toMatch(/^Old reports .* free again\.$/s);
  });

  it("keeps the answer, and its turns across a restart", async () => {
    const trace = async (): Promise<unknown> =>
      (await fetch(new URL(`/trace/${encodeURIComponent("local@playground:thread-1:0")}`, worker.url))).json();
    expect(await trace()).toMatchObject({
      saved: { text: "You said “Hello”. This is where our conversation begins." },
    });
    await worker.dispose();
    worker = await startWorker(config, folder);
    const again = clientOf().attach("local@playground:thread-1:0");
    expect((await again.finished).finalText).toBe("You said “Hello”. This is where our conversation begins.");
  });

  it("lets nobody in who comes under another name, neither to the routes nor to a saved answer", async () => {
    const ask = (path: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const headers = { host: "turns.example" };
        get(new URL(path, worker.url), { headers }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        }).on("error", reject);
      });
    expect(await ask("/api/sessions/thread-1/turns")).toBe(401);
    expect(await ask(`/trace/${encodeURIComponent("local@playground:thread-1:0")}`)).toBe(404);
  });

  it("serves the page as static files", async () => {
    const page = await fetch(worker.url);
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(await page.text()).toContain('<script type="module" src="/main.js">');
    const script = await fetch(new URL("/main.js", worker.url));
    expect([script.status, script.headers.get("content-type")]).toEqual([200, "text/javascript; charset=utf-8"]);
    const about = (await (await fetch(new URL("/about", worker.url))).json()) as { agents: { name: string }[] };
    expect(about.agents.map(({ name }) => name)).toEqual(["plain", "slow", "tools", "approval", "fails", "script"]);
  });
});

it("wrangler.toml can be deployed", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "turnwire-deploy-"));
  const { exitCode, output } = await runCommand("wrangler", ["deploy", "--dry-run", "--outdir", folder], {
    timeoutMs: 55_000,
    env: { WRANGLER_SEND_METRICS: "false", CI: "1", WRANGLER_LOG_PATH: `${projectFolder}.cache/wrangler/logs` },
  });
  rmSync(folder, { recursive: true, force: true });
  expect(exitCode, output).toBe(0);
  expect(output).toContain("env.TURNS (TurnObject)");
  expect(output).not.toContain("WARNING");
});
