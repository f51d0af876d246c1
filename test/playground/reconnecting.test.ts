import { describe, expect, it } from "vitest";
import { SLOW_ANSWER } from "../../examples/playground/agents/slow.ts";
import { skipBrowser } from "./chromium.ts";
import { startCuttingProxy } from "./cutting-proxy.ts";
import type { PlaygroundPage } from "./playground-page.ts";
import { usePlayground } from "./use-playground.ts";

describe.skipIf(skipBrowser)("playground: reconnecting", () => {
  const playground = usePlayground({ pace: 0.15 });

  /** Neither a word twice nor one missing: on the page, in the engine's store, and in what the hook saved, once. */
  async function expectWholeAnswer(tab: PlaygroundPage): Promise<void> {
    await tab.waitForEnd(0, "Done");
    expect(await tab.answer(0)).toBe(SLOW_ANSWER);
    const kept = await tab.kept();
    expect(kept).toHaveLength(1);
    expect(kept[0]).toMatchObject({ state: "completed", finalText: SLOW_ANSWER });
    expect(kept[0] && (await tab.saved(kept[0]))).toEqual({ text: SLOW_ANSWER, saves: 1 });
    expect(await tab.page.getByRole("article").count()).toBe(1);
  }

  /** Keeps every text that the answer shows from now on, and dies with the page. */
  async function watchAnswer(tab: PlaygroundPage): Promise<() => Promise<string[]>> {
    await tab.page.evaluate(`
      window.shown = [];
      const answer = document.querySelector(".turn .answer");
      new MutationObserver(() => shown.push([...answer.querySelectorAll(".text")].map((one) => one.textContent).join("")))
        .observe(answer, { childList: true, characterData: true, subtree: true });
    `);
    return () => tab.page.evaluate("window.shown");
  }

  it("goes on after a refresh in the middle", async () => {
    const tab = await playground.openTab();
    await tab.ask("slow", "Take your time.");
    const before = await tab.waitForWords(0, 8);
    await tab.page.reload();
    const after = await tab.waitForWords(0, 9);
    expect(after.startsWith(before)).toBe(true);
    expect(await tab.turn(0).locator(".question").textContent()).toBe("Take your time.");
    await expectWholeAnswer(tab);
  });

  it("goes on in the same page after the server was killed and started again", async () => {
    const tab = await playground.openTab();
    await tab.ask("slow", "Take your time.");
    await tab.waitForWords(0, 10);
    await playground.server.kill();
    await tab.waitForStatus(/Reconnecting, try/);
    const atCrash = await tab.answer(0);
    const shown = await watchAnswer(tab);
    await playground.server.startAgain();
    await expectWholeAnswer(tab);
    // The page was never reloaded, or what it had shown would be gone.
    const texts = await shown();
    expect(texts.length).toBeGreaterThan(10);
    expect(texts.every((text) => SLOW_ANSWER.startsWith(text))).toBe(true);
    // It went on from a checkpoint: at most the words after that were taken back.
    const shortest = Math.min(...texts.map((text) => text.split(" ").length));
    expect(shortest).toBeGreaterThanOrEqual(atCrash.trim().split(" ").length - 4);
    expect(await tab.fact("Attempts")).toBe("2");
    expect(await tab.fact("Reconnects")).toBe("1");
  });

  it("answers in the next process when an agent takes the server with it", async () => {
    const tab = await playground.openTab();
    await tab.ask("crashes", "Crash, please.");
    await playground.server.ended;
    await tab.waitForStatus(/Reconnecting/);
    await playground.server.startAgain();
    await tab.waitForEnd(0, "Done");
    const answer = await tab.answer(0);
    expect(answer).toMatch(/^Process (\d+) says goodbye\..+ And here is process (?!\1)\d+, which read/);
    const [kept] = await tab.kept();
    expect(kept).toMatchObject({ state: "completed", attempt: 2, finalText: answer });
  });

  it("goes on when the network was cut and comes back", async () => {
    const proxy = await startCuttingProxy(playground.server.port);
    try {
      const tab = await playground.openTab({ port: proxy.port });
      await tab.ask("slow", "Take your time.");
      await tab.waitForWords(0, 8);
      proxy.cut();
      await tab.waitForStatus(/Reconnecting, try/);
      proxy.restore();
      await tab.waitForStatus("Streaming");
      await expectWholeAnswer(tab);
      expect(await tab.fact("Reconnects")).toBe("1");
    } finally {
      await proxy.close();
    }
  });

  it("goes on when the browser was offline", async () => {
    const proxy = await startCuttingProxy(playground.server.port);
    try {
      const tab = await playground.openTab({ port: proxy.port });
      await tab.ask("slow", "Take your time.");
      await tab.waitForWords(0, 8);
      // Offline, the browser refuses new connections; the one that it has ends as a real network would end it.
      await playground.context.setOffline(true);
      proxy.cut();
      await tab.waitForStatus(/Reconnecting, try/);
      proxy.restore();
      await playground.context.setOffline(false);
      await tab.waitForStatus("Streaming");
      await expectWholeAnswer(tab);
    } finally {
      await proxy.close();
    }
  });
});
