import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { createTextAccumulator, isTerminal, readTurn } from "turnwire/client";
import app from "../../examples/hello/app.ts";
import fetchHandler from "../../examples/hello/fetch-handler.ts";
import packageJson from "../../package.json" with { type: "json" };
import { requireFreshBuild } from "../package/built.ts";
import { projectFolder } from "../package/entries.ts";

const question = { sessionId: "thread-1", turnIndex: 0, message: "Hello wörld 👋" };
const answer = "You said: Hello wörld 👋";

async function readAnswer(response: Response): Promise<{ text: string; last: string | undefined }> {
  const text = createTextAccumulator();
  let last: string | undefined;
  for await (const event of readTurn(response)) {
    text.add(event);
    if (isTerminal(event)) last = event.type;
  }
  return { text: text.text(), last };
}

const post = (url: string, body: unknown): Request =>
  new Request(url, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) });

describe.each([
  ["app.ts", (request: Request) => app.fetch(request)],
  ["fetch-handler.ts", (request: Request) => fetchHandler.fetch(request)],
])("examples/hello/%s", (_name, handler) => {
  it("answers a turn", async () => {
    const response = await handler(post("http://localhost/turns", question));
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    expect(await readAnswer(response)).toEqual({ text: answer, last: "session.run.completed" });
  });

  it("refuses what is no turn, and does not know other places", async () => {
    for (const body of ["nope", "null", "[]", {}, { ...question, turnIndex: -1 }, { ...question, message: 5 }]) {
      expect((await handler(post("http://localhost/turns", body))).status).toBe(400);
    }
    expect((await handler(post("http://localhost/other", question))).status).toBe(404);
    expect((await handler(new Request("http://localhost/turns"))).ok).toBe(false);
  });
});

describe("npm run start:hello", () => {
  let child: ChildProcess | undefined;

  beforeAll(requireFreshBuild);

  afterEach(async () => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGTERM");
    await ended;
  });

  /** Runs the script's own command and waits for the URL that it prints. */
  async function start(port: number): Promise<{ url: string; said: string }> {
    const [command, ...args] = packageJson.scripts["start:hello"].split(" ");
    expect(command).toBe("node");
    const started = spawn(process.execPath, args, {
      cwd: projectFolder,
      env: { ...process.env, PORT: String(port), NODE_OPTIONS: "" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    let said = "";
    const url = await new Promise<string>((resolve, reject) => {
      started.once("exit", () => reject(new Error(`It ended: ${said}`)));
      for (const output of [started.stdout, started.stderr]) {
        output.setEncoding("utf8").on("data", (text: string) => {
          said += text;
          const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0];
          if (found !== undefined) resolve(found);
        });
      }
    });
    return { url, said };
  }

  it("prints a URL, answers turns there, and shows one on its front page", async () => {
    const { url } = await start(0);
    expect(await readAnswer(await fetch(post(`${url}turns`, question)))).toEqual({
      text: answer,
      last: "session.run.completed",
    });

    const page = await fetch(url);
    expect(page.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const { text, last } = await readAnswer(page);
    expect(text).toContain(`curl -N ${url}turns -d `);
    expect(last).toBe("session.run.completed");

    expect((await fetch(`${url}nothing`)).status).toBe(404);
    expect((await fetch(post(`${url}turns`, "nope"))).status).toBe(400);
  });

  it("goes on when a client leaves", async () => {
    const { url } = await start(0);
    const leaver = new AbortController();
    const response = await fetch(post(`${url}turns`, question), { signal: leaver.signal });
    await response.body?.getReader().read();
    leaver.abort();
    expect((await readAnswer(await fetch(post(`${url}turns`, question)))).text).toBe(answer);
  });

  it("takes another port when the wanted one is taken, and says so", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => blocker.once("listening", resolve));
    const { port } = blocker.address() as AddressInfo;
    try {
      const { url, said } = await start(port);
      expect(said).toContain(`Port ${port} is taken`);
      expect(url).not.toContain(`:${port}/`);
      expect((await readAnswer(await fetch(post(`${url}turns`, question)))).text).toBe(answer);
    } finally {
      blocker.close();
    }
  });
});
