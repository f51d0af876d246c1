import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { createTurnClient } from "turnwire/client";
import { type RunningServer, startServer } from "../http/start-server.ts";
import { requireFreshBuild } from "../package/built.ts";
import { projectFolder } from "../package/entries.ts";

// Each example on its own runtime, with the package that was built, in a folder of its own for its database.

const examples = [
  { runtime: "Node", script: "examples/hono-node/server.ts", mount: "/chat", args: [] },
  {
    runtime: "Deno",
    script: "examples/deno/server.ts",
    mount: "",
    args: ["serve", "--port", "0", "--host", "127.0.0.1"],
  },
  { runtime: "Bun", script: "examples/bun/server.ts", mount: "", args: [] },
] as const;

describe.each(examples)("$script", ({ runtime, script, mount, args }) => {
  let server: RunningServer | undefined;
  let folder = "";

  beforeAll(requireFreshBuild);

  afterEach(async () => {
    await server?.stop();
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });

  it(
    `answers turns on ${runtime}, refuses strangers, and keeps its turns across a restart`,
    { timeout: 60_000 },
    async () => {
      folder = mkdtempSync(join(tmpdir(), "turnwire-example-"));
      const start = () =>
        startServer(runtime, `${projectFolder}${script}`, { env: { PORT: "0", BUN_PORT: "0" }, cwd: folder, args });
      server = await start();
      const ask = async (authorization: string): Promise<string> => {
        const client = createTurnClient({ baseUrl: `${server?.url}${mount}`, headers: { authorization } });
        return (await client.start({ sessionId: "thread-1", turnIndex: 0, message: "Hello wörld 👋" }).finished)
          .finalText;
      };
      await expect(ask("Bearer nobody")).rejects.toMatchObject({ code: "unauthorized" });
      expect(await ask("Bearer secret-of-ada")).toBe("You said: Hello wörld 👋");
      await server.stop();
      server = await start();
      expect(await ask("Bearer secret-of-ada")).toBe("You said: Hello wörld 👋");
    },
  );
});
