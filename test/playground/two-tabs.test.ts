import { describe, expect, it } from "vitest";
import { SLOW_ANSWER } from "../../examples/playground/agents/slow.ts";
import { skipBrowser } from "./chromium.ts";
import type { PlaygroundPage } from "./playground-page.ts";
import { usePlayground } from "./use-playground.ts";

describe.skipIf(skipBrowser)("playground: two tabs", () => {
  const playground = usePlayground({ pace: 0.15 });

  async function openTwo(): Promise<[PlaygroundPage, PlaygroundPage]> {
    const first = await playground.openTab();
    const second = await playground.openTab({ at: first.page.url() });
    return [first, second];
  }

  it("shows one turn in two tabs", async () => {
    const [first, second] = await openTwo();
    await first.ask("slow", "For both of us.");
    // The second tab finds the turn by itself, and streams it too.
    const seen = await second.waitForWords(0, 5);
    expect(seen.length).toBeLessThan(SLOW_ANSWER.length);
    await Promise.all([first.waitForEnd(0, "Done"), second.waitForEnd(0, "Done")]);
    expect(await first.answer(0)).toBe(SLOW_ANSWER);
    expect(await second.answer(0)).toBe(SLOW_ANSWER);
    expect(await second.turn(0).locator(".question").textContent()).toBe("For both of us.");
    expect(await second.events()).toEqual(await first.events());
    expect(await first.kept()).toHaveLength(1);
  });

  it("stops a turn from the other tab", async () => {
    const [first, second] = await openTwo();
    await first.ask("slow", "Stop me if you can.");
    await second.waitForWords(0, 5);
    await second.stop.click();
    await Promise.all([first.waitForEnd(0, "Stopped"), second.waitForEnd(0, "Stopped")]);
    const [kept] = await first.kept();
    expect(kept).toMatchObject({ state: "cancelled" });
    const answer = await first.answer(0);
    expect(answer).toBe(await second.answer(0));
    // What was said is kept.
    expect(kept && (await first.saved(kept))).toEqual({ text: answer, saves: 1 });
    expect(SLOW_ANSWER.startsWith(answer)).toBe(true);
  });

  it("lists the sessions, and what runs in them", async () => {
    const first = await playground.openTab();
    await first.ask("approval", "Somebody will have to decide.");
    await first.waitForStatus("Waiting for you");
    await first.page.getByRole("button", { name: "New", exact: true }).click();
    await first.ask("plain", "Hello from another session.");
    await first.waitForEnd(0, "Done");
    const rows = first.page.getByRole("complementary", { name: "Sessions" }).getByRole("link");
    await rows.filter({ hasText: "Somebody will have to decide." }).filter({ hasText: "waiting for you" }).waitFor();
    await first.page.getByText("1 waiting for you", { exact: true }).waitFor();
    await rows.filter({ hasText: "Somebody" }).click();
    await first.waitForStatus("Waiting for you");
    await first.page.getByRole("button", { name: "Reject" }).click();
    await first.waitForEnd(0, "Done");
  });
});
