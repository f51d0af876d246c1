import { describe, expect, it } from "vitest";
import { FAILURE } from "../../examples/playground/agents/fails.ts";
import { SLOW_ANSWER } from "../../examples/playground/agents/slow.ts";
import { skipBrowser } from "./chromium.ts";
import { usePlayground } from "./use-playground.ts";

describe.skipIf(skipBrowser)("playground: a conversation", () => {
  const playground = usePlayground({ pace: 0.12 });

  it("streams an answer word by word", async () => {
    const tab = await playground.openTab();
    await tab.ask("slow", "Take your time.");
    const early = await tab.waitForWords(0, 5);
    const later = await tab.waitForWords(0, 30);
    expect(SLOW_ANSWER.startsWith(early)).toBe(true);
    expect(later.length).toBeGreaterThan(early.length);
    expect(later.length).toBeLessThan(SLOW_ANSWER.length);
    await tab.waitForEnd(0, "Done");
    expect(await tab.answer(0)).toBe(SLOW_ANSWER);
    const [kept] = await tab.kept();
    expect(kept).toMatchObject({ state: "completed", finalText: SLOW_ANSWER });
    await tab.waitForStatus("Ready");
  });

  it("shows tool calls as they go, and draws them", async () => {
    const tab = await playground.openTab();
    await tab.ask("tools", "Should I take an umbrella?");
    await tab.waitForEnd(0, "Done");
    const tools = tab.turn(0).locator(".tool summary");
    expect(await tools.allTextContents()).toEqual([
      "weatherThe weather service did not answer in time",
      "calendarcompleted",
      "weathercompleted",
    ]);
    const lane = tab.page.locator(".timeline .span.tool, .timeline .span.bad");
    expect(await lane.count()).toBeGreaterThanOrEqual(3);
    // Pointing at the timeline reads an event out.
    await tab.page.locator(".timeline").hover({ position: { x: 150, y: 40 } });
    await tab.page.locator("#trace-json").getByText('"type": "message.part.updated"').waitFor();
  });

  it("knows in a second turn what was said in the first", async () => {
    const tab = await playground.openTab();
    await tab.ask("plain", "My name is Ada.");
    await tab.waitForEnd(0, "Done");
    await tab.ask("plain", "Who am I?");
    await tab.waitForEnd(1, "Done");
    expect(await tab.answer(1)).toContain("Before that you said “My name is Ada.”");
  });

  it("starts one execution on a double click on Send", async () => {
    const tab = await playground.openTab();
    await tab.agent.selectOption("slow");
    await tab.message.fill("Only once, please.");
    await tab.send.dblclick();
    await tab.waitForEnd(0, "Done");
    // Enter twice is no more than a double click.
    await tab.agent.selectOption("plain");
    await tab.message.fill("And again.");
    await tab.page.keyboard.press("Enter");
    await tab.page.keyboard.press("Enter");
    await tab.waitForEnd(1, "Done");
    const kept = await tab.kept();
    expect(kept.map(({ state }) => state)).toEqual(["completed", "completed"]);
    expect(await tab.page.getByRole("article").count()).toBe(2);
  });

  it("shows a failure with its message and code", async () => {
    const tab = await playground.openTab();
    await tab.ask("fails", "How does a failure look?");
    await tab.waitForEnd(0, "Failed");
    const alert = tab.turn(0).getByRole("alert");
    expect(await alert.textContent()).toContain(FAILURE);
    expect(await alert.textContent()).toContain("model-hung-up");
    expect(await tab.answer(0)).toBe("So far all is well, but any moment now ");
    // A failed turn is over: the next one can be sent.
    await tab.ask("plain", "Never mind.");
    await tab.waitForEnd(1, "Done");
  });

  it("tells why a turn was refused, and lets another be sent", async () => {
    const tab = await playground.openTab();
    await tab.page.evaluate('document.getElementById("agent").add(new Option("Nobody", "nobody"))');
    await tab.ask("nobody", "Is anybody there?");
    const alert = tab.turn(0).getByRole("alert");
    await alert.getByText("agent-not-found").waitFor();
    await tab.ask("plain", "Hello");
    await tab.waitForEnd(0, "Done");
    expect(await tab.kept()).toHaveLength(1);
  });

  it("works by keyboard alone", async () => {
    const tab = await playground.openTab();
    const { page } = tab;
    const keys = async (...names: string[]): Promise<void> => {
      for (const name of names) await page.keyboard.press(name);
    };
    const focused = (): Promise<string> =>
      page.evaluate("document.activeElement.id || document.activeElement.textContent");
    const outlined = (): Promise<boolean> =>
      page.evaluate(`(() => {
        const element = document.activeElement;
        const style = getComputedStyle(element);
        const box = getComputedStyle(element.closest(".box") ?? element);
        return style.outlineStyle !== "none" || box.boxShadow !== "none";
      })()`);
    // The message box has the focus from the start; the agent comes next.
    expect(await focused()).toBe("message");
    expect(await outlined()).toBe(true);
    await keys("Tab");
    expect(await focused()).toBe("agent");
    expect(await outlined()).toBe(true);
    await page.keyboard.type("Slow");
    await keys("Shift+Tab");
    await page.keyboard.type("First line");
    await keys("Shift+Enter");
    await page.keyboard.type("second line");
    await keys("Enter");
    await tab.waitForWords(0, 3);
    expect(await tab.turn(0).locator(".question").textContent()).toBe("First line\nsecond line");
    await keys("Escape");
    await tab.waitForEnd(0, "Stopped");

    await keys("Tab");
    await page.keyboard.type("Asks");
    await keys("Shift+Tab");
    await page.keyboard.type("Make room");
    await keys("Enter");
    await tab.waitForStatus("Waiting for you");
    // Backwards from the message box: the turn's trace, then the card's buttons from the last to the first.
    await keys("Shift+Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab");
    expect(await focused()).toBe("Approve");
    expect(await outlined()).toBe(true);
    await keys("Enter");
    await tab.waitForEnd(1, "Done");

    await page.locator(".timeline").focus();
    expect(await outlined()).toBe(true);
    await keys("Home");
    await page.locator("#trace-json").getByText('"session.run.started"').waitFor();
    await keys("ArrowRight");
    await page.locator("#trace-json").getByText('"run.created"').waitFor();
  });

  it("fits a narrow screen", async () => {
    await playground.useContext({ viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true });
    const tab = await playground.openTab();
    const { page } = tab;
    const wide = (): Promise<boolean> => page.evaluate("document.documentElement.scrollWidth > innerWidth");
    expect(await wide()).toBe(false);
    await tab.agent.selectOption("approval");
    await tab.message.fill("Make some room.");
    await tab.send.tap();
    await tab.waitForStatus("Waiting for you");
    expect(await wide()).toBe(false);
    await page.getByRole("button", { name: "Approve" }).tap();
    await tab.waitForEnd(0, "Done");
    await page.getByRole("button", { name: "Trace", exact: true }).first().tap();
    await page.locator(".timeline .span.good").first().waitFor();
    expect(await tab.message.isVisible()).toBe(false);
    expect(await wide()).toBe(false);
    await page.getByRole("button", { name: "Sessions", exact: true }).tap();
    await page.getByRole("link", { name: /Make some room/ }).waitFor();
    expect(await wide()).toBe(false);
    await page.getByRole("button", { name: "Chat", exact: true }).tap();
  });
});
