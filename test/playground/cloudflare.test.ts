import { describe, expect, it } from "vitest";
import { startWrangler } from "../cloudflare/wrangler-process.ts";
import { skipBrowser } from "./chromium.ts";
import { usePlayground } from "./use-playground.ts";

describe.skipIf(skipBrowser)("playground on a Worker", { timeout: 60_000 }, () => {
  const playground = usePlayground({ start: () => startWrangler("wrangler.toml") });

  it("goes on in the same page when the Worker and its objects are killed in the middle of an answer", async () => {
    const message = Array.from({ length: 70 }, (_, index) => `word${index}`).join(" ");
    const tab = await playground.openTab();
    await tab.ask("plain", message);
    await tab.waitForWords(0, 12);
    await playground.server.kill();
    await tab.waitForStatus("Reconnecting");
    await playground.server.startAgain();
    await tab.waitForEnd(0, "Done");
    expect(await tab.answer(0)).toBe(`You said “${message}”. This is where our conversation begins.`);
    const [kept] = await tab.kept();
    expect(kept).toMatchObject({ state: "completed" });
  });
});
